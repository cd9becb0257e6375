"""A restaurant in which everything that a route may name can be made: the real ids of the walk."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from fynlo.auth.v1.events_pb2 import RestaurantUpdated
from fynlo.common.v1.common_pb2 import RestaurantSettings

from chassis.clock import SystemClock
from chassis.db import Database
from chassis.ids import new_id
from chassis.messaging.aside import Aside, Backoff, Failed
from deploy.local.state import owner_database_url
from services.catalog.tests.pictures import JPEG, a_picture
from tests.e2e.shop import FLOAT_MINOR
from tools.api import Device, Refused
from tools.demo import PASSWORD
from tools.mailbox import joins, secret_sent_to

Json = dict[str, Any]
PAUSE_SECONDS = 0.05
ATTEMPTS = 600


def unique(name: str) -> str:
    """A name that nothing else has."""
    return f"{name} {new_id().hex[-12:]}"


@dataclass(slots=True)
class Shop:
    """Acts as the owner of one restaurant. Things that many cases can share are made once."""

    owner: Device
    data_dir: Path
    """Of the system that the restaurant is in."""
    kept: dict[str, Json] = field(default_factory=dict)

    async def category(self) -> Json:
        """A category of the walk."""
        if "category" not in self.kept:
            self.kept["category"] = await self.new_category()
        return self.kept["category"]

    async def new_category(self) -> Json:
        """An empty category."""
        made: Json = await self.owner.post("/api/v2/menu/categories", {"name": unique("Walk"), "position": 9})
        return made

    async def item(self) -> Json:
        """An item with one question, on sale."""
        if "item" not in self.kept:
            self.kept["item"] = await self.new_item()
        return self.kept["item"]

    async def new_item(self, category_id: str = "") -> Json:
        """Another one."""
        question = {"name": "Size", "min": 1, "max": 1, "options": [{"name": "L", "price_delta_minor": 150}]}
        body = {
            "category_id": category_id or (await self.category())["id"],
            "name": unique("Dish"),
            "price_minor": 925,
            "vat_class": "hot_food",
            "option_groups": [question],
        }
        made: Json = await self.owner.post("/api/v2/menu/items", body)
        return made

    async def timed_menu(self) -> Json:
        """A lunch menu that nothing is on yet."""
        body = {"name": unique("Lunch"), "category_ids": [(await self.new_category())["id"]]}
        made: Json = await self.owner.post("/api/v2/menu/menus", body)
        return made

    async def sent_picture(self, item: Json) -> str:
        """The id of an upload that has arrived, of an item."""
        content = a_picture((64, 48))
        address, body = (
            f"/api/v2/menu/items/{item['id']}/image",
            {"content_type": JPEG, "bytes": len(content)},
        )
        upload = await self.owner.put(address, body)
        url = f"{self.owner.base_url}{upload['upload_url']}"
        answer = await self.owner.http.put(url, content=content, headers=upload["headers"])
        assert answer.status_code == 204, answer.text
        return str(upload["upload_id"])

    async def pictured_item(self) -> Json:
        """Another item, with a picture."""
        item = await self.new_item()
        answer = await self.owner.http.post(
            f"{self.owner.base_url}/api/v2/menu/items/{item['id']}/image/confirm",
            json={"upload_id": await self.sent_picture(item)},
            headers={
                "Authorization": f"Bearer {self.owner.access_token}",
                "If-Match": f'"{item["version"]}"',
            },
        )
        assert answer.status_code == 200, answer.text
        made: Json = answer.json()
        return made

    async def station(self) -> Json:
        """The station that cooks the walk's category, so that its tickets are found among all others."""
        if "station" not in self.kept:
            category = await self.category()
            body = {"name": unique("Pass"), "category_ids": [category["id"]]}
            self.kept["station"] = await self.owner.post("/api/v2/kitchen/stations", body)
        return self.kept["station"]

    async def new_station(self) -> Json:
        """One that takes nothing yet."""
        made: Json = await self.owner.post("/api/v2/kitchen/stations", {"name": unique("Bar")})
        return made

    async def line(self, **changes: Any) -> Json:
        """A line of the walk's item."""
        item = await self.item()
        option = item["option_groups"][0]["options"][0]["id"]
        return {"item_id": item["id"], "quantity": 2, "options": [{"option_id": option}], **changes}

    async def order(self, *, line: Json | None = None, **changes: Any) -> Json:
        """An order that the kitchen has, unless told otherwise."""
        await self.station()
        lines = [await self.line(**(line or {}))]
        body = {"service_flow": "pay_later", "order_type": "takeaway", "lines": lines, **changes}
        made: Json = await self.owner.post("/api/v2/orders", body)
        return made

    async def discounted(self) -> Json:
        """An order with a discount."""
        order = await self.order()
        body = {"kind": "percent", "value_bp": 1000, "reason": "waited long"}
        made: Json = await self.owner.post(f"/api/v2/orders/{order['id']}/discounts", body)
        return made

    async def promotion(self) -> Json:
        """Something off a category that nothing is in."""
        body = {
            "name": unique("Happy hour"),
            "kind": "percent",
            "value_bp": 1000,
            "scope": "categories",
            "category_ids": [(await self.new_category())["id"]],
        }
        made: Json = await self.owner.post("/api/v2/promotions", body)
        return made

    async def ticket(self, *steps: str) -> Json:
        """The one ticket of a new order, moved through ``steps``."""
        order = await self.order()
        path = f"/api/v2/kitchen/tickets?limit=200&station_id={(await self.station())['id']}"
        page = await self.owner.get(path)
        while not (own := [ticket for ticket in page["items"] if ticket["order_id"] == order["id"]]):
            page = await self.owner.get(f"{path}&cursor={page['next_cursor']}")
        ticket: Json = own[0]
        for step in steps:
            ticket = await self.owner.post(f"/api/v2/kitchen/tickets/{ticket['id']}/{step}", {})
        return ticket

    async def section(self) -> Json:
        """The part of the floor that the walk's tables stand in."""
        if "section" not in self.kept:
            self.kept["section"] = await self.new_section()
        return self.kept["section"]

    async def new_section(self) -> Json:
        """An empty one."""
        made: Json = await self.owner.post("/api/v2/floor/sections", {"name": unique("Room"), "position": 1})
        return made

    async def new_table(self) -> Json:
        """A free table."""
        where = {"section_id": (await self.section())["id"], "shape": "square", "x": 0, "y": 0}
        body = {"name": unique("T"), "seats": 4, **where}
        made: Json = await self.owner.post("/api/v2/floor/tables", body)
        return made

    async def counted_item(self) -> Json:
        """One of which there is plenty."""
        item: Json = await self.new_item()
        await self.owner.put(f"/api/v2/stock/{item['id']}", {"on_hand": 100})
        return item

    async def new_ingredient(self) -> Json:
        """In grams, of which none is there."""
        body = {"name": unique("Flour"), "unit": "gram"}
        made: Json = await self.owner.post("/api/v2/ingredients", body)
        return made

    async def new_supplier(self) -> Json:
        """Of whom nothing comes."""
        made: Json = await self.owner.post("/api/v2/suppliers", {"name": unique("Mill"), "lead_days": 2})
        return made

    async def new_customer(self) -> Json:
        """Somebody with an address."""
        body = {"name": unique("Ada"), "phone": "020 7946 0123", "address": "4 Mill Lane\nLeeds"}
        made: Json = await self.owner.post("/api/v2/customers", body)
        return made

    async def printer(self) -> Json:
        """One for receipts that stays."""
        if "printer" not in self.kept:
            self.kept["printer"] = await self.new_printer()
        return self.kept["printer"]

    async def new_printer(self) -> Json:
        """Another one."""
        body = {"name": unique("Bar"), "kind": "receipt", "width": 42}
        made: Json = await self.owner.post("/api/v2/printers", body)
        return made

    async def print_job(self) -> Json:
        """The bill of an order, which waits for an agent."""
        body = {"order_id": (await self.order())["id"], "printer_id": (await self.printer())["id"]}
        made: Json = await self.owner.post("/api/v2/print-jobs", body)
        return made

    async def done_order(self) -> Json:
        """An order that is served and paid."""
        order = await self.paid_and_ready()
        done: Json = await self.owner.post(f"/api/v2/orders/{order['id']}/complete", {})
        return done

    async def invoice(self) -> Json:
        """Of an order with one dish, which is paid."""
        order = await self.order()
        session = await self.session()
        await self.owner.post(
            f"/api/v2/orders/{order['id']}/payments", {"method": "cash", "till_session_id": session["id"]}
        )
        path = f"/api/v2/orders/{order['id']}"
        await self.owner.put(f"{path}/status", {"status": "ready"})
        await self._complete(path)
        customer = {"name": unique("Ltd"), "address": "4 Mill Lane"}
        made: Json = await self.owner.post(f"{path}/invoice", {"customer": customer})
        return made

    async def _complete(self, path: str) -> None:
        """Orders hears of the money a moment after payments has taken it."""
        for _ in range(ATTEMPTS):
            try:
                await self.owner.post(f"{path}/complete", {})
            except Refused as refusal:
                if refusal.code != "balance_open":
                    raise
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return
        raise AssertionError(f"{path}: the payment never arrived")

    async def session(self) -> Json:
        """An open till that stays open."""
        if "session" not in self.kept:
            self.kept["session"] = await self.new_session()
        return self.kept["session"]

    async def new_session(self, opener: Device | None = None) -> Json:
        """A till that nobody else uses, opened by the owner or by ``opener``."""
        body = {"till": unique("till"), "opening_float_minor": FLOAT_MINOR}
        made: Json = await (opener or self.owner).post("/api/v2/till-sessions", body)
        return made

    async def payment(self) -> Json:
        """An order paid in cash."""
        if "payment" not in self.kept:
            order, session = await self.order(), await self.session()
            body = {"method": "cash", "till_session_id": session["id"]}
            self.kept["payment"] = await self.owner.post(f"/api/v2/orders/{order['id']}/payments", body)
        return self.kept["payment"]

    async def paid_and_ready(self) -> Json:
        """An order that can be completed: its bill was nothing, and the kitchen is done with it."""
        item = await self.owner.post(
            "/api/v2/menu/items",
            {
                "category_id": (await self.category())["id"],
                "name": unique("Tap water"),
                "price_minor": 0,
                "vat_class": "hot_food",
            },
        )
        order = await self.order(line={"item_id": item["id"], "options": []})
        ready: Json = await self.owner.put(f"/api/v2/orders/{order['id']}/status", {"status": "ready"})
        return ready

    async def z_report(self) -> Json:
        """A till that was opened and closed."""
        if "z_report" not in self.kept:
            session = await self.new_session()
            path = f"/api/v2/till-sessions/{session['id']}/close"
            closed = await self.owner.post(path, {"counted_minor": FLOAT_MINOR})
            self.kept["z_report"] = closed["z_report"]
        return self.kept["z_report"]

    async def employee(self) -> Json:
        """Somebody who works here and does not log in."""
        made: Json = await self.owner.post("/api/v2/employees", {"name": unique("Eve"), "job": "server"})
        return made

    async def own_card(self, user_id: str, *, open_now: bool) -> None:
        """Makes sure that the user is an employee, clocked in or not."""
        page = await self.owner.get("/api/v2/employees?limit=200")
        mine = next((one for one in page["items"] if one["user_id"] == user_id), None)
        if mine is None:
            mine = await self.owner.post("/api/v2/employees", {"name": unique("Me"), "user_id": user_id})
        verb, done = ("clock-in", "already_clocked_in") if open_now else ("clock-out", "not_clocked_in")
        try:
            await self.owner.post(f"/api/v2/timecards/{verb}", {"employee_id": mine["id"]})
        except Refused as refusal:
            if refusal.code != done:
                raise

    async def invitation(self) -> Json:
        """Somebody who is invited."""
        body = {"email": f"walk-{new_id().hex[-12:]}@demo.fynlo.test", "name": "Walker", "role": "employee"}
        made: Json = await self.owner.post("/api/v2/invitations", body)
        return made

    async def secret_of(self, invitation: Json) -> str:
        """What the link holds that was sent for it."""
        return await secret_sent_to(self.somebody(invitation["email"]))

    async def member(self) -> Json:
        """Somebody who was invited and has accepted."""
        invited = await self.invitation()
        person = self.somebody(invited["email"])
        await joins(person, "Walker")
        me = await person.get("/api/v2/me")
        return {"user_id": me["user"]["id"], "email": person.email, "device": person}

    def somebody(self, email: str) -> Device:
        """A device of this address."""
        return Device(self.owner.base_url, self.owner.http, email, PASSWORD, f"dev-{new_id()}", "web")

    async def parked_event(self) -> str:
        """An event that staff has parked, as the chassis parks one; a retry finds nothing new in it."""
        subject = f"{RestaurantUpdated.DESCRIPTOR.full_name}.{self.owner.restaurant_id}"
        return await park(self.data_dir, "staff", subject, old_news(self.owner.restaurant_id))


def old_news(restaurant_id: str) -> bytes:
    """An event of a version that everybody is past."""
    settings = RestaurantSettings(
        restaurant_id=restaurant_id, version=0, name="Before", currency_code="GBP", time_zone="Europe/London"
    )
    return RestaurantUpdated(settings=settings).SerializeToString()


async def park(data_dir: Path, service: str, subject: str, payload: bytes) -> str:
    """Puts an event aside in the service's schema, by the chassis' own code; its id."""
    url = owner_database_url(data_dir)
    assert url is not None
    db = await Database.connect(url, schema=service, clock=SystemClock(), pool_size=1)
    event_type, _, whose = subject.rpartition(".")
    msg_id: UUID = new_id()
    headers = {
        "ce-id": str(msg_id),
        "ce-type": event_type,
        "ce-subject": whose,
        "ce-time": SystemClock().now().isoformat(),
    }
    failed = Failed(msg_id, subject, headers, payload, 8, ValueError("the till is closed"), counted=True)
    try:
        await Aside(db, service, Backoff(max_failures=1)).put(failed)
    finally:
        await db.close()
    return str(msg_id)
