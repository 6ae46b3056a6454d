"""A seeded, simulated marketplace for demonstrations, load and fault tests."""
