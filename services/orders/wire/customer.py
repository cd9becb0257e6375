"""Customers."""

from fynlo.orders.v1 import customers_pb2

from chassis.ids import new_id, parse_id
from chassis.instants import timestamp
from services.orders.domain.customer import Customer, WantedCustomer
from services.orders.domain.label import label_of


def customer_message(customer: Customer) -> customers_pb2.Customer:
    """The whole customer."""
    consent = customer.consent
    return customers_pb2.Customer(
        id=str(customer.id),
        name=customer.name,
        phone=customer.phone,
        email=customer.email,
        address=customer.address,
        vat_number=customer.vat_number,
        notes=customer.notes,
        marketing_consent=consent is not None,
        consent_source="" if consent is None else consent.source,
        consented_at=timestamp(None if consent is None else consent.at),
        created_at=timestamp(customer.created_at),
        version=customer.version,
    )


def wanted_customer(customer: customers_pb2.Customer) -> WantedCustomer:
    """Without an id: a new one, version 0. Raises InvalidArgument (INVALID_ID, VALIDATION_FAILED)."""
    return WantedCustomer(
        id=parse_id(customer.id) if customer.id else new_id(),
        name=label_of(customer.name),
        phone=customer.phone,
        email=customer.email,
        address=customer.address.strip(),
        vat_number=customer.vat_number,
        notes=customer.notes.strip(),
        consents=customer.marketing_consent,
        consent_source=customer.consent_source.strip(),
        version=customer.version if customer.id else 0,
    )
