"""The kitchen of the demo: a kitchen, a cold station and a bar."""

from dataclasses import dataclass

from fynlo.catalog.v1 import catalog_pb2
from fynlo.orders.v1 import orders_pb2, station_pb2

KITCHEN = "Kitchen"
"""The station that a restaurant begins with: it takes what no other does, and what the others cannot."""
SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Place:
    """A station: its categories, items of other categories, minutes in which a ticket is due."""

    name: str
    categories: tuple[str, ...]
    items: tuple[str, ...]
    minutes: int


STATIONS = (
    Place(KITCHEN, ("Starters", "From the grill"), ("Sticky toffee pudding", "Chocolate brownie"), 12),
    Place("Cold", ("Salads and cold plates", "Desserts"), (), 6),
    Place("Bar", ("Drinks",), (), 4),
)


def station_of(
    place: Place, menu: catalog_pb2.Menu, kitchen: orders_pb2.Station | None
) -> orders_pb2.Station:
    """The station as it is to be saved; ``kitchen`` takes over for the others."""
    categories = {category.name: category.id for category in menu.categories}
    items = {item.name: item.id for item in menu.items}
    return orders_pb2.Station(
        name=place.name,
        position=STATIONS.index(place),
        category_ids=sorted(categories[name] for name in place.categories if name in categories),
        routes=[station_pb2.StationRoute(item_id=items[name]) for name in place.items if name in items],
        target_seconds=place.minutes * SECONDS_PER_MINUTE,
        fallback_station_id="" if kitchen is None or place.name == KITCHEN else kitchen.id,
    )
