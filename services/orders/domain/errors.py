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


class UnknownItem(NotFound):
    """There is no such item on the menu of this restaurant."""


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


class NothingStays(Unprocessable):
    """All of an order would go to another one."""


class OrdersDiffer(Conflict):
    """What one order sells costs something else on the other; ``metadata`` has ``differs``."""


class OrderMerged(Conflict):
    """Others are merged into it."""


class OrderSplit(Conflict):
    """It is split into checks."""


class SameOrder(Unprocessable):
    """An order becomes no part of itself, and is named once."""


class TooManyMerged(Unprocessable):
    """More orders than may be part of one."""


class UnknownMenuVersion(Unprocessable):
    """The client names a menu version that does not exist yet."""


class EmptyOrder(Unprocessable):
    """An order has at least one line."""


class UnknownTable(Unprocessable):
    """There is no such table."""

    def __init__(self, table_id: UUID) -> None:
        detail = f"There is no table {table_id}."
        super().__init__(detail, fields=[FieldError("table_id", "UNKNOWN_TABLE", detail)])


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
