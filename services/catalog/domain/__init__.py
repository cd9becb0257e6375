"""The rules of a menu and of stock, as values and functions. Pure."""
