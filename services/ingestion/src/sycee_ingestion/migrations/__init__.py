"""The schema, a step a file; `sycee_ingestion.schema` is what the steps add up to (a test compares them)."""
