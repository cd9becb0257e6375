"""Two restaurants to sell in: ours with its tills and displays, and a stranger whose business is not ours."""

from dataclasses import dataclass
from typing import Any

import httpx

from chassis.ids import new_id
from tools.api import Device
from tools.chaos.changes import Dish
from tools.chaos.devices import Goods
from tools.demo import PASSWORD, PLATFORM_OWNER
from tools.mailbox import invite, joins

ACCOUNTS = 2
"""People behind the tills; each is signed in on several devices."""
SCARCE = 40
PLENTY = 100_000
KEPT = "Napkins"
"""Counted, and never sold."""
MENU = f"""category,item,description,price,vat_class,allergens,options,stock,reorder_point
Mains,Burger,,14.50,hot_food,gluten,Cooked(1-1): Pink=0; Well done=0,,
Mains,Chicken,,15.95,hot_food,,,,
Mains,Chips,,4.50,hot_food,,,,
Cold,Greek salad,,9.95,cold_food,milk,,,
Cold,Ham sandwich,,8.35,cold_food,gluten,,,
Drinks,Coffee,,3.20,hot_drinks,,Milk(1-1): Oat=0.40; Whole=0,,
Drinks,Cola,,3.00,always_standard,,,,
Counted,Steak,,26.50,hot_food,,,{SCARCE},3
Counted,Tiramisu,,6.95,cold_food,eggs,,{PLENTY},6
Counted,Lager,,5.20,alcohol,gluten,,{PLENTY},6
Store,{KEPT},,0.10,always_standard,,,{PLENTY},6
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """A restaurant with people signed in."""

    owner: Device
    tills: list[Device]
    displays: list[Device]
    goods: Goods
    opening_stock: dict[str, int]
    kept: str
    """The counted item that nobody sells."""

    @property
    def id(self) -> str:
        """The restaurant's id."""
        return self.owner.restaurant_id


async def open_shop(base_url: str, http: httpx.AsyncClient, name: str, tills: int, displays: int) -> Shop:
    """A new restaurant, its menu and stock, and everybody signed in. Raises Refused or Unanswered."""
    platform = Device(base_url, http, PLATFORM_OWNER, PASSWORD, f"chaos-{name}")
    await platform.log_in()
    run = new_id().hex[-10:]
    password = new_id().hex

    def device(person: str, number: int, client: str = "ios") -> Device:
        address = f"{person}.{run}@chaos.fynlo.test"
        return Device(base_url, http, address, password, f"{name}-{client}-{number}-{run}", client)

    owner = device("owner", 0)
    body = {"name": f"{name} {run}", "owner_email": owner.email, "owner_name": "Owner"}
    await platform.post("/api/v2/platform/restaurants", body)
    await joins(owner, "Owner")
    accounts = min(ACCOUNTS, tills + displays)
    for number in range(accounts):
        await invite(owner, device(f"person{number}", number), f"Person {number}")
    people = [device(f"person{number % accounts}", number) for number in range(tills)]
    screens = [device(f"person{number % accounts}", number, "kds") for number in range(displays)]
    for one in (*people, *screens):
        await one.log_in()
    await _import_menu(owner)
    menu = await owner.get("/api/v2/menu")
    items = [item for category in menu["categories"] for item in category["items"]]
    stock = {item["id"]: item["stock_left"] for item in items if item["stock_left"] is not None}
    kept = next(item["id"] for item in items if item["name"] == KEPT)
    return Shop(owner, people, screens, _goods([item for item in items if item["id"] != kept]), stock, kept)


async def _import_menu(owner: Device) -> None:
    headers = {
        "Authorization": f"Bearer {owner.access_token}",
        "Content-Type": "text/csv",
        "Idempotency-Key": str(new_id()),
    }
    url = f"{owner.base_url}/api/v2/menu/import"
    reply = await owner.http.post(url, content=MENU.encode(), headers=headers)
    if reply.status_code != 200 or reply.json()["rejected"]:
        raise RuntimeError(f"the menu was not imported: {reply.status_code} {reply.text}")


def _goods(items: list[dict[str, Any]]) -> Goods:
    def line(item: dict[str, Any]) -> Dish:
        asked = [option for group in item["option_groups"] for option in group["options"][: group["min"]]]
        price = item["price_minor"] + sum(option["price_delta_minor"] for option in asked)
        return Dish(item["id"], tuple(option["id"] for option in asked), price)

    return Goods(
        tuple(line(item) for item in items if item["stock_left"] is None),
        tuple(line(item) for item in items if item["stock_left"] is not None),
    )
