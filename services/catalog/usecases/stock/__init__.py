"""Levels of stock: counted, booked, told."""
