"""What tests across services share: the local suite as a fixture's value, good requests, and bad ones made of them."""
