"""Categories."""

from fynlo.catalog.v1 import catalog_pb2

from chassis.ids import new_id, parse_id
from services.catalog.domain.category import Category


def category_in(message: catalog_pb2.Category) -> Category:
    """As a caller sent it; without an id it gets a new one. Raises InvalidArgument (INVALID_ID)."""
    own_id = parse_id(message.id) if message.id else new_id()
    return Category(own_id, message.name.strip(), message.position, message.version)


def category(of: Category) -> catalog_pb2.Category:
    """As the contract says it."""
    return catalog_pb2.Category(id=str(of.id), name=of.name, position=of.position, version=of.version)
