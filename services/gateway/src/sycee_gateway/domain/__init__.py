"""What a decision is and how it comes about: pure rules, no gRPC, no contracts, no SQL."""
