"""Schema of this service, in steps that only ever expand."""
