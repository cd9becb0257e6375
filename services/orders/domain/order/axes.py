"""The axes on which an order moves, and the state that is derived from them."""

from enum import StrEnum


class Lifecycle(StrEnum):
    """The axis that commands of the staff move."""

    DRAFT = "draft"
    VALIDATED = "validated"
    DONE = "done"
    CANCEL_PENDING = "cancel_pending"
    """A semantic lock: payments is being asked to close the bill."""
    CANCELLED = "cancelled"
    INVOICED = "invoiced"
    MERGED = "merged"
    """Part of another order."""


class Payment(StrEnum):
    """The axis that money moves."""

    UNPAID = "unpaid"
    PART_PAID = "part_paid"
    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"


class Kitchen(StrEnum):
    """The axis that the kitchen moves; of a line, a ticket, or the least advanced active line of an order."""

    NONE = "none"
    HELD = "held"
    QUEUED = "queued"
    PREPARING = "preparing"
    READY = "ready"
    SERVED = "served"
    CANCELLED = "cancelled"


class State(StrEnum):
    """What clients see."""

    DRAFT = "draft"
    VALIDATED = "validated"
    PAID = "paid"
    PREPARING = "preparing"
    READY = "ready"
    DONE = "done"
    INVOICED = "invoiced"
    CANCELLED = "cancelled"
    MERGED = "merged"


STAGES = (Kitchen.HELD, Kitchen.QUEUED, Kitchen.PREPARING, Kitchen.READY, Kitchen.SERVED)
"""The way of a line through the kitchen, in order."""
STAGE = {kitchen: index for index, kitchen in enumerate(STAGES)}
HANDED_OVER = frozenset({Kitchen.READY, Kitchen.SERVED})
COOKED_ON = frozenset({Kitchen.PREPARING, Kitchen.READY, Kitchen.SERVED})
ENDS = frozenset({Lifecycle.DONE, Lifecycle.INVOICED, Lifecycle.CANCELLED, Lifecycle.MERGED})
"""These are states of their own."""
