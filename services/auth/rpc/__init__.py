"""The gRPC face of auth, by noun: parse, one use case, and in which words its result is told."""
