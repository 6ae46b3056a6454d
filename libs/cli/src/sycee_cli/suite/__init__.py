"""The local suite: PostgreSQL, NATS, Envoy and the six services, started, watched and stopped on one machine."""
