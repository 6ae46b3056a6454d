"""Products, lenders, quotes, schedules and a double-entry exposure ledger."""
