"""gRPC: a request is parsed, a use case runs, its answer is told."""
