"""The tables of auth and the only SQL of the service."""

from services.auth.store.tables import metadata

__all__ = ["metadata"]
