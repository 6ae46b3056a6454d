"""The rules of compliance: plain data and pure functions, free of transport and storage."""
