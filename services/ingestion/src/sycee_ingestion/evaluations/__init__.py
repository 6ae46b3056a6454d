"""Measurements of what this service judges: each module is a command of `sycee eval`."""
