"""What a restaurant decides of all its orders, as the transaction sees it."""

from chassis.db import Transaction
from services.orders.domain.order.house import House
from services.orders.store.station import find_stations
from services.orders.usecases.restaurant import restaurant_of


async def house_of(tx: Transaction) -> House:
    """Its stations and settings."""
    restaurant = await restaurant_of(tx)
    return House(await find_stations(tx), restaurant.auto_complete, restaurant.service_charge_bp)
