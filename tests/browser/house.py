"""A restaurant for one test alone: its people, its menu, its stations."""

from typing import Any

import httpx

from chassis.ids import new_id
from tools.api import Device
from tools.demo import PASSWORD
from tools.mailbox import invite, joins

MENU = """category,item,description,price,vat_class,allergens,options,stock,reorder_point
Grill,Burger,With chips,14.50,hot_food,"gluten, milk",\
Cooked(1-1): Pink=0; Well done=0 | Extras(0-2): Bacon=1.50; Egg=1.20; Cheese=1.00,,
Grill,Chips,,4.50,hot_food,,,,
Bar,Cola,330 ml,3.00,always_standard,,,,
Bar,Lager,330 ml,5.20,alcohol,gluten,,3,1
"""
GRILL_MINUTES = 10


class House:
    """A restaurant, and its owner on a device that is no browser."""

    def __init__(self, owner: Device, http: httpx.AsyncClient, name: str) -> None:
        self.owner = owner
        self.name = name
        self.email = owner.email
        self._http = http
        self.items: dict[str, dict[str, Any]] = {}
        self.stations: dict[str, str] = {}

    @property
    def rid(self) -> str:
        """The restaurant's id."""
        return self.owner.restaurant_id

    async def furnish(self, menu: str = MENU) -> None:
        """A menu, and a station for each of its categories."""
        answer = await self._http.post(
            f"{self.owner.base_url}/api/v2/menu/import",
            content=menu.encode(),
            headers={"Authorization": f"Bearer {self.owner.access_token}", "Content-Type": "text/csv"},
        )
        assert answer.is_success, answer.text
        assert not answer.json()["rejected"], answer.text
        categories = (await self.owner.get("/api/v2/menu"))["categories"]
        self.items = {item["name"]: item for category in categories for item in category["items"]}
        for category in categories:
            body = {
                "name": category["name"],
                "category_ids": [category["id"]],
                "target_minutes": GRILL_MINUTES,
            }
            station = await self.owner.post("/api/v2/kitchen/stations", body)
            self.stations[station["name"]] = station["id"]

    async def hires(self, name: str, role: str = "employee") -> Device:
        """Somebody of this restaurant, on a device that is no browser. Their password is that of the demo."""
        email = f"{name.split()[0].lower()}-{new_id().hex[-12:]}@browser.fynlo.test"
        person = Device(self.owner.base_url, self._http, email, PASSWORD, f"dev-{new_id()}", "ios")
        await invite(self.owner, person, name, role)
        return person

    def line(self, name: str, note: str | None = None, quantity: int = 1) -> dict[str, Any]:
        """An order line with the first answers to what the item must be asked."""
        item = self.items[name]
        options = [
            {"option_id": option["id"]}
            for group in item["option_groups"]
            for option in group["options"][: group["min"]]
        ]
        line: dict[str, Any] = {"item_id": item["id"], "quantity": quantity, "options": options}
        return line if note is None else {**line, "note": note}

    async def order(self, *lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Places an order that is paid later: its tickets are fired at once."""
        body = {"service_flow": "pay_later", "order_type": "eat_in", "lines": list(lines), **changes}
        placed: dict[str, Any] = await self.owner.post("/api/v2/orders", body)
        return placed

    async def orders(self) -> list[dict[str, Any]]:
        """Every order of the restaurant."""
        found: list[dict[str, Any]] = (await self.owner.get("/api/v2/orders?limit=200"))["items"]
        return found

    async def paid(self, order_id: str) -> bool:
        """Whether orders has heard of the money for all of it: that comes after the till's answer."""
        order = await self.owner.get(f"/api/v2/orders/{order_id}")
        return bool(order["payment_state"] == "paid")

    async def tickets(self, state: str = "queued,preparing,ready") -> list[dict[str, Any]]:
        """Tickets in these states, oldest first."""
        path = f"/api/v2/kitchen/tickets?limit=200&state={state}"
        found: list[dict[str, Any]] = (await self.owner.get(path))["items"]
        return found

    async def step_all(self, state: str, step: str) -> None:
        """The kitchen takes a step with every ticket in these states."""
        for ticket in await self.tickets(state):
            await self.owner.post(f"/api/v2/kitchen/tickets/{ticket['id']}/{step}", {})


async def new_house(platform: Device, http: httpx.AsyncClient, menu: str | None = MENU) -> House:
    """A furnished restaurant that nobody else uses; without a menu it has none."""
    token = new_id().hex[-12:]
    name, email = f"Bistro {token}", f"owner-{token}@browser.fynlo.test"
    body = {"name": name, "owner_email": email, "owner_name": "Ona Owner"}
    await platform.post("/api/v2/platform/restaurants", body)
    owner = Device(platform.base_url, http, email, PASSWORD, f"dev-{new_id()}", "ios")
    await joins(owner, "Ona Owner")
    house = House(owner, http, name)
    if menu is not None:
        await house.furnish(menu)
    return house
