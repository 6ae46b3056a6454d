"""Typed async clients for Sycee: channels, deadlines, retries, errors, receipt checks."""
