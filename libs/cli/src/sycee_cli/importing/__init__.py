"""Files into ingestion: where they are put, by which mapping they are read, how that is shown."""
