"""The rules of an order: what may be ordered, how it moves, what the kitchen gets. Pure."""
