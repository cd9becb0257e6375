"""What the catalog can do; each function is one transaction."""
