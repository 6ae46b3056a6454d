"""Merchants, their trade events and the portrait made of them."""
