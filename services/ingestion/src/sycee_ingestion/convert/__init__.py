"""Contract ↔ domain: total and without I/O, a module for each part of the contract."""
