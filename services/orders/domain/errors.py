"""What the rules refuse. Reasons are stable; the edge turns them into problem codes."""

from collections.abc import Iterable
from uuid import UUID

from chassis.errors import (
    AlreadyExists,
    Conflict,
    FieldError,
    NotFound,
    PermissionDenied,
    Stale,
    Unprocessable,
)


class OrderNotFound(NotFound):
    """There is no such order in this restaurant."""


class UnknownChannel(NotFound):
    """This service owns no channel of that name."""


class TicketNotFound(NotFound):
    """There is no such ticket in this restaurant."""


class StationNotFound(NotFound):
    """There is no such station in this restaurant."""


class OrderExists(AlreadyExists):
    """The id is taken by an order with other content."""


class IllegalTransition(Conflict):
    """The state forbids the command; ``metadata`` has ``from``, ``command`` and ``allowed`` (comma list)."""

    def __init__(self, state: str, command: str, allowed: Iterable[str], detail: str = "") -> None:
        super().__init__(
            detail or f"An order that is {state} cannot take the command {command}.",
            metadata={"from": state, "command": command, "allowed": ",".join(allowed)},
        )


class TicketStepRefused(Conflict):
    """The ticket's state forbids the step; ``metadata`` has ``from``, ``command`` and ``allowed``."""

    reason = "ILLEGAL_TRANSITION"


class AllergyNotAcknowledged(Conflict):
    """A guest's allergy is on the ticket, and no cook has acknowledged it as it is now."""


class AllergyChanged(Conflict):
    """The guest's allergy is another one than the cook has read."""


class RecallTooLate(Conflict):
    """What was ready this long ago has left the kitchen."""


class LineAlreadyFired(Conflict):
    """The kitchen has the line."""


class LineNotFound(NotFound):
    """There is no such line in the order."""


class LineVoided(Conflict):
    """Nothing is left of the line."""


class TooFewLeft(Conflict):
    """Fewer units of the line are left than were to be voided; ``metadata`` has ``left``."""


class VoidRequired(Conflict):
    """The kitchen has the line: fewer of it is a void, with its reason."""


class EditConflict(Conflict):
    """Somebody changed the field since the version that the client saw; ``metadata`` has ``conflict.field``,
    ``conflict.yours`` and ``conflict.theirs``, of which REST makes an object."""

    reason = "CONFLICT"


class ApprovalNeeded(PermissionDenied):
    """Not for the caller alone; ``metadata`` has ``cause`` and ``permission`` (what an approver holds), of
    discounts ``cap_bp``."""


class ApprovalInvalid(PermissionDenied):
    """The approval that came counts for nothing; ``metadata["fault"]`` says why."""


class NothingToFire(Conflict):
    """No line waits for the kitchen."""


class NoStation(Conflict):
    """No station takes a line; ``metadata`` has ``line_id`` and ``item_id``."""

    def __init__(self, line_id: UUID, item_id: UUID, name: str) -> None:
        self.item_id, self.name = item_id, name
        super().__init__(
            f"No station takes {name} now: open its station again, or give one a route for it.",
            metadata={"line_id": str(line_id), "item_id": str(item_id)},
        )


class RefundRequired(Conflict):
    """Money is on the order: it is refunded before the order is cancelled, or costs less than that; then
    ``metadata`` has ``paid_minor`` and ``total_minor``."""


class MoneyOnBill(Conflict):
    """Payments has taken money for the order, so its bill stays open."""


class BalanceOpen(Conflict):
    """The order is not paid in full; ``metadata`` has ``due_minor``."""


class ItemUnavailable(Conflict):
    """Taken off, or outside its hours of sale."""


class MenuOutdated(Conflict):
    """What was ordered changed after the menu that the client shows; ``metadata`` has ``menu_version``."""


class LineRefused(Unprocessable):
    """A line that no menu allows; raised with its own reason."""

    def __init__(self, reason: str, field: str, detail: str) -> None:
        super().__init__(detail, reason=reason, fields=[FieldError(field, reason, detail)])


class ChecksPaid(Conflict):
    """Somebody has paid on a check that would have to change for this; ``metadata`` may say which line."""


class SplitRefused(Unprocessable):
    """A split that the order cannot take; raised with its own reason."""

    def __init__(self, reason: str, field: str, detail: str) -> None:
        super().__init__(detail, reason=reason, fields=[FieldError(field, reason, detail)])


class UnknownMenuVersion(Unprocessable):
    """The client names a menu version that does not exist yet."""


class EmptyOrder(Unprocessable):
    """An order has at least one line."""


class UnknownTable(Unprocessable):
    """There is no such table."""

    def __init__(self, table_id: UUID) -> None:
        detail = f"There is no table {table_id}."
        super().__init__(detail, fields=[FieldError("table_id", "UNKNOWN_TABLE", detail)])


class UnknownCustomer(Unprocessable):
    """There is no such customer."""

    def __init__(self, customer_id: UUID) -> None:
        detail = f"There is no customer {customer_id}."
        super().__init__(detail, fields=[FieldError("customer_id", "UNKNOWN_CUSTOMER", detail)])


class CustomerNotFound(NotFound):
    """There is no such customer in this restaurant."""


class UnreadablePhone(Unprocessable):
    """No telephone number that can be dialled."""

    def __init__(self) -> None:
        detail = (
            "This is no telephone number; write it with its area code, from abroad with + and the country."
        )
        super().__init__(detail, fields=[FieldError("phone", "UNREADABLE_PHONE", detail)])


class ConsentSourceNeeded(Unprocessable):
    """Consent without a word on where it was given proves nothing."""

    def __init__(self) -> None:
        detail = "Say where they agreed to be written to, for example: till."
        super().__init__(detail, fields=[FieldError("consent_source", "CONSENT_SOURCE_NEEDED", detail)])


class InvoiceNotFound(NotFound):
    """There is no such invoice or credit note in this restaurant."""


class CustomerNeeded(Unprocessable):
    """An invoice is for somebody: one customer, or one name and address."""


class CustomerAddressNeeded(Unprocessable):
    """A full VAT invoice has the customer's address, and this customer has none."""


class NotAnInvoice(Conflict):
    """A credit note is not credited."""


class CreditTooLarge(Conflict):
    """More than what is left of the line; ``metadata`` has ``line_id``, ``left_minor``, ``left_quantity``."""


class CreditUnclear(Unprocessable):
    """Each line is credited once, by a quantity or by an amount."""


class PrinterNotFound(NotFound):
    """There is no such printer in this restaurant."""


class PrintJobNotFound(NotFound):
    """There is no such print job in this restaurant."""


class NoPrinter(Conflict):
    """No printer is set up for what is to be printed."""


class PrintJobOver(Conflict):
    """It is printed, here or elsewhere."""


class TooManyPrinters(Unprocessable):
    """More printers than a restaurant may have."""


class PrintUnclear(Unprocessable):
    """One thing is printed by one job."""


class UnknownPrinter(Unprocessable):
    """There is no such printer."""

    def __init__(self, field: str, printer_id: UUID) -> None:
        detail = f"There is no printer {printer_id}."
        super().__init__(detail, fields=[FieldError(field, "UNKNOWN_PRINTER", detail)])


class UnknownStation(Unprocessable):
    """There is no such station."""

    def __init__(self, station_id: UUID) -> None:
        detail = f"There is no station {station_id}."
        super().__init__(detail, fields=[FieldError("station_id", "UNKNOWN_STATION", detail)])


class NothingToPrint(Conflict):
    """There is nothing of it that a paper could say."""


class UnknownCheck(Unprocessable):
    """The order has no such check."""

    def __init__(self, check_id: UUID) -> None:
        detail = f"The order has no check {check_id}."
        super().__init__(detail, fields=[FieldError("check_id", "UNKNOWN_CHECK", detail)])


class ReasonRequired(Unprocessable):
    """What is cancelled after the kitchen had it, and what is voided, needs a reason."""


class OrderTooLarge(Unprocessable):
    """More text than one order may hold."""


class TooManyStations(Unprocessable):
    """More stations than a restaurant may have, or than may cook one line."""


class TooManyRoutes(Unprocessable):
    """More routes than a restaurant may have."""


class EmptyRoute(Unprocessable):
    """A route names something."""


class UnknownFallback(Unprocessable):
    """There is no such other station."""


class DefaultStationNeeded(Unprocessable):
    """One station is the default; make another one that instead."""


class StationInUse(Conflict):
    """Tickets are open at it; ``metadata`` has ``tickets``, how many."""


class StaleVersion(Stale):
    """Somebody changed it since; read it again."""


class SectionNotFound(NotFound):
    """There is no such section in this restaurant."""


class TableNotFound(NotFound):
    """There is no such table in this restaurant."""


class NameTaken(Conflict):
    """Another one is called so."""


class SectionNotEmpty(Conflict):
    """Tables stand in it."""


class TableOccupied(Conflict):
    """Orders are open at the table; ``metadata`` has ``order_ids`` (comma list)."""


class TableReserved(Conflict):
    """Guests are expected at the table; ``metadata`` has ``from`` and ``minutes``."""


class TableFull(Conflict):
    """As many orders are open at the table as there may be."""


class UnknownSection(Unprocessable):
    """There is no such section."""

    def __init__(self, section_id: UUID) -> None:
        detail = f"There is no section {section_id}."
        super().__init__(detail, fields=[FieldError("section_id", "UNKNOWN_SECTION", detail)])


class TooManySections(Unprocessable):
    """More sections than a restaurant may have."""


class TooManyTables(Unprocessable):
    """More tables than a restaurant may have."""


class ReservationOver(Unprocessable):
    """The time of the reservation is over."""


class ReservationTooFar(Unprocessable):
    """The reservation is further ahead than one may be."""


class DiscountNotFound(NotFound):
    """The order has no such discount."""


class DiscountExists(Conflict):
    """The id is taken by another discount of the order."""


class OrderPaid(Conflict):
    """It is paid at the price that it has."""


class PromotionApplies(Conflict):
    """It comes by itself."""


class DiscountValue(Unprocessable):
    """A percentage says ``value_bp``, an amount how much, a comp neither."""

    def __init__(self, field: str, detail: str = "") -> None:
        detail = detail or "Say how much is taken off: a percentage in basis points, or an amount."
        super().__init__(detail, fields=[FieldError(field, "DISCOUNT_VALUE", detail)])


class TooManyDiscounts(Unprocessable):
    """More discounts than an order may have."""


class PromotionNotFound(NotFound):
    """There is no such promotion in this restaurant."""


class PromotionDates(Unprocessable):
    """It would end before it begins, or a date is none."""


class PromotionScope(Unprocessable):
    """It is for items or categories and names none."""

    def __init__(self, field: str) -> None:
        detail = "Name what it is for, or let it be for the whole order."
        super().__init__(detail, fields=[FieldError(field, "PROMOTION_SCOPE", detail)])


class TooManyPromotions(Unprocessable):
    """More promotions than a restaurant may have."""
