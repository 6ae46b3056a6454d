"""The schema of compliance, a revision a file."""
