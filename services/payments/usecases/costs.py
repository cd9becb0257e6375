"""What each way to pay would cost."""

from dataclasses import dataclass
from uuid import UUID

from fynlo.payments.v1 import payments_service_pb2 as payments_api

from chassis.db import Database
from services.payments import wire
from services.payments.domain.errors import PartsAboveAmount
from services.payments.domain.fees import compare, preset_named
from services.payments.usecases.copies import Copies, Peers, restaurant_of, with_copies


@dataclass(frozen=True, slots=True)
class CompareCosts:
    """An amount in minor units and the parts of it on which the platform takes nothing."""

    restaurant_id: UUID
    amount_minor: int
    currency_code: str
    tip_minor: int
    service_charge_minor: int


async def compare_costs(db: Database, peers: Peers, query: CompareCosts) -> payments_api.CompareCostsResponse:
    """Every method that the restaurant's price list knows, the cheapest first.

    Raises CurrencyMismatch, PartsAboveAmount, FeePresetUnknown, FeeUnknown.
    """
    if query.amount_minor < 0:
        raise PartsAboveAmount("An amount is not negative.")

    async def attempt(copies: Copies) -> payments_api.CompareCostsResponse:
        fetched = copies.restaurant is not None
        async with db.transaction(query.restaurant_id, readonly=not fetched) as tx:
            await copies.keep(tx, db.clock.now())
            restaurant = await restaurant_of(tx)
        restaurant.check_currency(query.currency_code)
        costs = compare(
            preset_named(restaurant.fee_preset),
            query.amount_minor,
            query.currency_code,
            exempt_minor=query.tip_minor + query.service_charge_minor,
        )
        return payments_api.CompareCostsResponse(costs=[wire.method_cost(cost) for cost in costs])

    return await with_copies(peers, query.restaurant_id, attempt)
