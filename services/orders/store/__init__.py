"""The only SQL of the service. Functions take an open transaction; its tenant is the restaurant."""

from services.orders.store.tables import metadata

__all__ = ["metadata"]
