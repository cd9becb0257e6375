"""What an order says to the kitchen as a whole, as its draft, the order and its tickets carry it."""

from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api

from services.orders.domain.order.order import GuestAllergy, Remarks


def write_remarks(remarks: Remarks, message: orders_pb2.Order | orders_pb2.Ticket) -> None:
    """Puts them where the message has a place for them."""
    message.note = remarks.note
    allergy = remarks.guest_allergy
    if allergy is not None:
        numbers = allergy.allergens
        message.guest_allergy.MergeFrom(orders_pb2.GuestAllergy(allergens=numbers, text=allergy.text))  # type: ignore[arg-type] # the numbers of the contract


def remarks_of(message: orders_api.OrderDraft | orders_pb2.Order | orders_pb2.Ticket) -> Remarks:
    """What the message says."""
    return Remarks(guest_allergy_of(message.guest_allergy), message.note.strip())


def guest_allergy_of(message: orders_pb2.GuestAllergy) -> GuestAllergy | None:
    """None where neither an allergen nor a word is said."""
    said = GuestAllergy(tuple(sorted(set(message.allergens))), message.text.strip())
    return said if said.allergens or said.text else None
