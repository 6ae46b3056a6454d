"""The `sycee` command: the local suite, imports, decisions, receipts, benchmarks."""
