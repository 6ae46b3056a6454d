"""The use cases. They know no gRPC and no SQL."""
