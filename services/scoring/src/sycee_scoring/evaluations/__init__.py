"""How good the models are on data they have not seen: `sycee eval NAME`."""
