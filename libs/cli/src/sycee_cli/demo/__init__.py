"""What `sycee demo` does: a real shop and a simulated market, decided and proved."""
