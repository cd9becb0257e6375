"""The tables of auth and the only SQL of the service."""
