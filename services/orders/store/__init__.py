"""The only SQL of the service. Functions take an open transaction; its tenant is the restaurant."""
