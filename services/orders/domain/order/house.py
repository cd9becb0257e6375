"""What a restaurant decides of all its orders."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.orders.domain.station import Station


@dataclass(frozen=True, slots=True)
class House:
    """Where lines are cooked, whether an order that is paid and handed over is done by itself, and the
    service charge (basis points) of orders that do not know their own.
    """

    stations: Sequence[Station]
    auto_complete: bool
    service_charge_bp: int
