"""Opens the restaurant of the evening: people, menu, stock, stations, tables, promotion."""

from dataclasses import dataclass, field

import httpx

from chassis.ids import new_id
from tests.e2e.friday.carte import (
    BAR,
    COLD,
    DISHES,
    GRILL,
    INGREDIENTS,
    PROMOTED,
    PROMOTION_BP,
    SERVICE_BP,
    STATIONS,
    Dish,
    Picks,
    item_body,
)
from tests.e2e.friday.notes import Json
from tools.api import Device
from tools.demo import PASSWORD, PLATFORM_OWNER
from tools.mailbox import invite, joins

TILLS, DISPLAYS, TABLES, SECTIONS, STOOLS = 4, 2, 40, 4, 25


@dataclass
class House:
    """A restaurant that is ready for its guests. Ids by name."""

    owner: Device
    manager: Device
    tills: list[Device]
    displays: list[Device]
    items: dict[str, str] = field(default_factory=dict)
    options: dict[tuple[str, str], str] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    stations: dict[str, str] = field(default_factory=dict)
    """Names by id: tickets name the id."""

    def counted(self) -> dict[str, tuple[str, int]]:
        """What is counted, by name: its id, and how many were there at first."""
        at_first = {dish.name: dish.stock for dish in DISHES if dish.stock is not None} | INGREDIENTS
        return {name: (self.items[name], count) for name, count in at_first.items()}

    def asked(self, dish: Dish, picks: Picks) -> list[dict[str, str]]:
        """The options of a line."""
        return [{"option_id": self.options[(dish.name, pick.name)]} for pick in picks]


async def open_house(base_url: str, http: httpx.AsyncClient) -> House:
    """A new restaurant on the platform. Raises Refused or Unanswered."""
    run = new_id().hex[-12:]

    def device(name: str, client: str = "ios") -> Device:
        return Device(base_url, http, f"{name}.{run}@friday.fynlo.test", PASSWORD, f"{name}-{run}", client)

    platform = Device(base_url, http, PLATFORM_OWNER, PASSWORD, f"friday-{run}")
    await platform.log_in()
    owner, manager = device("owner"), device("manager")
    body = {"name": f"Friday {run}", "owner_email": owner.email, "owner_name": "Olive"}
    await platform.post("/api/v2/platform/restaurants", {**body, "service_charge_bp": SERVICE_BP})
    await joins(owner, "Olive")
    await invite(owner, manager, "Max", "manager")
    people = [device(f"till{number}") for number in range(TILLS)]
    people += [device(f"cook{number}", "kds") for number in range(DISPLAYS)]
    for one in people:
        await invite(owner, one, one.device_id.partition("-")[0])
    house = House(owner, manager, people[:TILLS], people[TILLS:])
    categories = await _menu(house)
    await _stock(house)
    await _kitchen(house, categories)
    await _floor(house)
    promotion = {"name": "Friday at the bar", "kind": "percent", "value_bp": PROMOTION_BP}
    scope = {"scope": "categories", "category_ids": [categories[PROMOTED]]}
    await owner.post("/api/v2/promotions", {**promotion, **scope})
    return house


async def _menu(house: House) -> dict[str, str]:
    """Everything on the menu. Ids of the categories."""
    ids: dict[str, str] = {}
    for position, name in enumerate(STATIONS):
        made = await house.owner.post("/api/v2/menu/categories", {"name": name, "position": position})
        ids[name] = made["id"]
    for dish in DISHES:
        item = await house.owner.post("/api/v2/menu/items", item_body(dish, ids[dish.category], house.items))
        house.items[dish.name] = item["id"]
        for group in item["option_groups"]:
            for option in group["options"]:
                house.options[(dish.name, option["name"])] = option["id"]
    return ids


async def _stock(house: House) -> None:
    """Counted goods on the shelf, ingredients and recipes."""
    for name in INGREDIENTS:
        made = await house.owner.post("/api/v2/ingredients", {"name": name, "unit": "gram"})
        house.items[name] = made["id"]
    for item_id, count in house.counted().values():
        await house.owner.put(f"/api/v2/stock/{item_id}", {"on_hand": count})
    for dish in DISHES:
        if dish.recipe:
            takes = [
                {"ingredient_id": house.items[name], "quantity": amount}
                for name, amount in dish.recipe.items()
            ]
            await _put_recipe(house.owner, house.items[dish.name], {"takes": takes})


async def _put_recipe(owner: Device, item_id: str, recipe: Json) -> None:
    """It says which recipe it replaces."""
    path = f"/api/v2/menu/items/{item_id}/recipe"
    seen = await owner.get(path)
    headers = {
        "Authorization": f"Bearer {owner.access_token}",
        "Idempotency-Key": str(new_id()),
        "If-Match": f'"{seen["version"]}"',
    }
    reply = await owner.http.put(owner.base_url + path, json=recipe, headers=headers)
    reply.raise_for_status()


async def _kitchen(house: House, categories: dict[str, str]) -> None:
    """Three stations: two dishes are cooked elsewhere than their category."""
    routes: dict[str, list[Json]] = {GRILL: [], COLD: [], BAR: []}
    for dish in DISHES:
        for order_type, station in dish.stations.items():
            routes[station].append({"item_id": house.items[dish.name], "order_types": [order_type]})
    for category, name in STATIONS.items():
        body = {"name": name, "category_ids": [categories[category]], "routes": routes[name]}
        made = await house.owner.post("/api/v2/kitchen/stations", {**body, "target_seconds": 600})
        house.stations[made["id"]] = name


async def _floor(house: House) -> None:
    """Forty tables in four rooms, and stools at the bar, at which nobody sits down first."""
    each = TABLES // SECTIONS
    rooms = [
        (f"Room {room}", [f"T{room * each + number}" for number in range(each)]) for room in range(SECTIONS)
    ]
    for position, (room, names) in enumerate([*rooms, ("Bar", [f"B{number}" for number in range(STOOLS)])]):
        section = await house.owner.post("/api/v2/floor/sections", {"name": room, "position": position})
        for number, name in enumerate(names):
            place = {
                "x": 50 + 90 * (number % 10),
                "y": 300 + 90 * (number // 10),
                "shape": "square",
                "seats": 4,
            }
            table = await house.owner.post(
                "/api/v2/floor/tables", {"name": name, "section_id": section["id"], **place}
            )
            house.tables[name] = table["id"]
