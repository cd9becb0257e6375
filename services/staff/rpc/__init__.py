"""The gRPC face of staff: parse, one use case, and in which words its result is told."""
