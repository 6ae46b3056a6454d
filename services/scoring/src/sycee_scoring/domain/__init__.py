"""The rules of scoring: what a probability of default is made of, and why. Pure functions, no transport, no storage."""
