"""What the service does for its callers: use cases over stores, a module for each part of the contract."""

DEFAULT_PAGE_SIZE = 50
"""Of every list, where the caller names none."""
