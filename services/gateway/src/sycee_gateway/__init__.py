"""The decision composed out of the other services, behind one address."""
