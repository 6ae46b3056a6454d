"""The schema of the gateway, a step a file."""
