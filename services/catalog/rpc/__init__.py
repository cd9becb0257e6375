"""The gRPC face: parse, run the use case, answer."""
