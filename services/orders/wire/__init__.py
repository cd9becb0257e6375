"""Protobuf to dataclasses and back. Enumerations are matched by name, in tables built once."""
