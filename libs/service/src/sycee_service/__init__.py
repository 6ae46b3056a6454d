"""What every Sycee server is built from: builder, interceptors, settings, database, outbox, telemetry."""
