"""The catalogue that ships: products, lenders and policy as YAML beside this file."""
