"""The tables of the catalog and every SQL statement of the service, by noun."""

from services.catalog.store.tables import metadata

__all__ = ["metadata"]
