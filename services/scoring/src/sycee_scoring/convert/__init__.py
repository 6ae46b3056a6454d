"""Messages to plain values and back. A module for each part of the contract."""
