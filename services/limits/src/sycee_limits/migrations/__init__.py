"""Schema of the ledger, in steps that only ever expand."""
