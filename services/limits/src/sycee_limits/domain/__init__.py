"""The rules of this business as frozen data and pure functions: no gRPC, no contracts, no SQL, no clock."""
