"""A process: its settings, its start and its end, whether it is well, and what it does by itself."""
