"""Lines that are sold although they are not on sale: outside their hours, or taken off."""

from dataclasses import dataclass

from services.orders.domain.actor import Actor


@dataclass(frozen=True, slots=True)
class SaleOverride:
    """Why it was sold, by whom, and who approved it: None where the seller may. A quote, which sells
    nothing, names nobody.
    """

    reason: str
    by: Actor | None = None
    approved_by: Actor | None = None
