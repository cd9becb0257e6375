"""The HTTP shapes of REST v2: what bodies must look like, and what answers look like in OpenAPI."""
