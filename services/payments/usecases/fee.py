"""What each way to pay would cost."""

from dataclasses import dataclass
from uuid import UUID

from chassis.db import Database
from services.payments.domain.errors import PartsAboveAmount
from services.payments.domain.fee import MethodCost, compare, preset_named
from services.payments.usecases.copies import Copies, with_copies
from services.payments.usecases.ports import Peers
from services.payments.usecases.restaurant import restaurant_of


@dataclass(frozen=True, slots=True)
class CompareCosts:
    """An amount in minor units and the parts of it on which the platform takes nothing."""

    restaurant_id: UUID
    amount_minor: int
    currency_code: str
    tip_minor: int
    service_charge_minor: int


async def compare_costs(db: Database, peers: Peers, query: CompareCosts) -> tuple[MethodCost, ...]:
    """Every method that the restaurant's price list knows, the cheapest first.

    Raises CurrencyMismatch, PartsAboveAmount, FeePresetUnknown, FeeUnknown.
    """
    if query.amount_minor < 0:
        raise PartsAboveAmount("An amount is not negative.")

    async def attempt(copies: Copies) -> tuple[MethodCost, ...]:
        fetched = copies.restaurant is not None
        async with db.transaction(query.restaurant_id, readonly=not fetched) as tx:
            await copies.keep(tx, db.clock.now())
            restaurant = await restaurant_of(tx)
        restaurant.check_currency(query.currency_code)
        return compare(
            preset_named(restaurant.fee_preset),
            query.amount_minor,
            query.currency_code,
            exempt_minor=query.tip_minor + query.service_charge_minor,
        )

    return await with_copies(peers, query.restaurant_id, attempt)
