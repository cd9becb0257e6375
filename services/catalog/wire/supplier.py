"""Suppliers."""

from fynlo.catalog.v1 import supplier_pb2

from chassis.ids import new_id, parse_id
from services.catalog.domain.supplier import Supplier


def supplier_in(message: supplier_pb2.Supplier) -> Supplier:
    """As the caller wants it; a new one gets an id. Raises InvalidArgument (INVALID_ID)."""
    own = parse_id(message.id) if message.id else new_id()
    return Supplier(own, message.name.strip(), message.lead_days, message.minimum_minor, message.version)


def supplier(of: Supplier) -> supplier_pb2.Supplier:
    """As the contract says it."""
    return supplier_pb2.Supplier(
        id=str(of.id),
        name=of.name,
        lead_days=of.lead_days,
        minimum_minor=of.minimum_minor,
        version=of.version,
    )
