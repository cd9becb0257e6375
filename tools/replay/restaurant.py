"""Sets up a restaurant for one replay: its owner, its menu as planned, eight tills and a kitchen display."""

from dataclasses import dataclass
from typing import Any

import httpx

from chassis.ids import new_id
from tools.api import Device
from tools.mailbox import invite, joins
from tools.replay.menu_plan import PRICE_GROUP, MenuPlan, PlannedItem, PlannedLine

TILLS = 8
FLOAT_MINOR = 10_000
# Made for this run alone and never written down.
PASSWORD_CHARS = 20


@dataclass(slots=True)
class Restaurant:
    """A restaurant that is ready to sell. ``option_ids``: (item, group, option) -> id."""

    id: str
    owner: Device
    tills: list[Device]
    kitchen: Device
    menu_version: int
    item_ids: dict[str, str]
    option_ids: dict[tuple[str, str, str], str]

    def order_body(self, lines: list[PlannedLine]) -> dict[str, Any]:
        """The body of POST /orders."""
        return {
            "id": str(new_id()),
            "service_flow": "pay_later",
            "order_type": "takeaway",
            "menu_version": self.menu_version,
            "lines": [
                {
                    "item_id": self.item_ids[line.item],
                    "quantity": line.quantity,
                    "options": [
                        {"option_id": self.option_ids[(line.item, *option)]} for option in line.options
                    ],
                }
                for line in lines
            ],
        }


async def set_up(base_url: str, http: httpx.AsyncClient, platform: Device, plan: MenuPlan) -> Restaurant:
    """A new restaurant on the platform with ``plan``'s menu."""
    run = new_id().hex[-12:]
    password = f"replay-{new_id().hex}"[:PASSWORD_CHARS]

    def device(name: str, client: str = "ios") -> Device:
        return Device(base_url, http, f"{name}.{run}@replay.fynlo.test", password, f"{name}-{run}", client)

    owner = device("owner")
    await platform.post(
        "/api/v2/platform/restaurants",
        {
            "name": f"Replay {run}",
            "owner_email": owner.email,
            "owner_name": "Replay owner",
        },
    )
    await joins(owner, "Replay owner")
    people = [device(f"till{number}") for number in range(1, TILLS + 1)] + [device("kitchen", "kds")]
    for person in people:
        await invite(owner, person, person.device_id)
    await _make_menu(owner, plan)
    menu = await owner.get("/api/v2/menu")
    items = [item for category in menu["categories"] for item in category["items"]]
    options = {
        (item["name"], group["name"], option["name"]): option["id"]
        for item in items
        for group in item["option_groups"]
        for option in group["options"]
    }
    item_ids = {item["name"]: item["id"] for item in items}
    tills, kitchen = people[:-1], people[-1]
    return Restaurant(owner.restaurant_id, owner, tills, kitchen, menu["version"], item_ids, options)


async def _make_menu(owner: Device, plan: MenuPlan) -> None:
    categories: dict[str, str] = {}
    for position, item in enumerate(plan.items.values()):
        if item.category not in categories:
            body = {"name": item.category, "position": len(categories)}
            categories[item.category] = (await owner.post("/api/v2/menu/categories", body))["id"]
        await owner.post("/api/v2/menu/items", _item_body(item, categories[item.category], position))


def _item_body(item: PlannedItem, category_id: str, position: int) -> dict[str, Any]:
    return {
        "category_id": category_id,
        "name": item.name,
        "price_minor": item.price_minor,
        "vat_class": item.vat_class,
        "position": position,
        "option_groups": [
            {
                "name": name,
                "min": 1 if name == PRICE_GROUP else 0,
                "max": 1 if name == PRICE_GROUP else len(options),
                "options": [{"name": one.name, "price_delta_minor": one.delta_minor} for one in options],
            }
            for name, options in item.groups.items()
        ],
    }
