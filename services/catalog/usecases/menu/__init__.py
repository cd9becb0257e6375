"""The menu as a whole: changed, and read."""
