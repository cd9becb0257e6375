"""For every operation: the request that succeeds, from its documented example with real ids."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from chassis.clock import SystemClock
from chassis.ids import new_id
from tests.e2e.shop import FLOAT_MINOR
from tests.e2e.walk.document import BY_NAME, Operation
from tests.e2e.walk.shop import Shop, unique
from tests.e2e.walk.walker import Sent
from tools.api import Device
from tools.demo import PASSWORD
from tools.mailbox import secret_sent_to

Case = Callable[[Operation, Shop, Device], Awaitable[Sent]]
CASES: dict[str, Case] = {}


def case(*names: str) -> Callable[[Case], Case]:
    """Registers a case for operations by their names."""

    def register(made: Case) -> Case:
        for name in names:
            assert name in BY_NAME, f"{name} is not in the document"
            CASES[name] = made
        return made

    return register


async def request_for(operation: Operation, shop: Shop, caller: Device) -> Sent:
    """Makes what the operation needs in ``shop`` and the request that ``caller`` can send."""
    return await CASES.get(operation.name, as_documented)(operation, shop, caller)


MADE: dict[str, Callable[[Shop], Awaitable[Any]]] = {
    "category_id": lambda shop: shop.new_category(),
    "customer_id": lambda shop: shop.new_customer(),
    "employee_id": lambda shop: shop.employee(),
    "ingredient_id": lambda shop: shop.new_ingredient(),
    "invitation_id": lambda shop: shop.invitation(),
    "invoice_id": lambda shop: shop.invoice(),
    "item_id": lambda shop: shop.new_item(),
    "job_id": lambda shop: shop.print_job(),
    "menu_id": lambda shop: shop.timed_menu(),
    "number": lambda shop: shop.z_report(),
    "order_id": lambda shop: shop.order(),
    "payment_id": lambda shop: shop.payment(),
    "promotion_id": lambda shop: shop.promotion(),
    "printer_id": lambda shop: shop.new_printer(),
    "section_id": lambda shop: shop.new_section(),
    "session_id": lambda shop: shop.session(),
    "supplier_id": lambda shop: shop.new_supplier(),
    "station_id": lambda shop: shop.new_station(),
    "table_id": lambda shop: shop.new_table(),
    "ticket_id": lambda shop: shop.ticket(),
    "user_id": lambda shop: shop.member(),
}
"""What an id of a path names, where the operation says no more of it."""
LATE_HOUR = 22
NUMBERLESS = {"barcode": None, "plu": None}
"""The documented numbers of an item are one item's, and the walk makes many."""
OF_A_SERVICE = frozenset({"service", "event_id"})
"""Names in the paths of what a service has parked."""


async def as_documented(operation: Operation, shop: Shop, caller: Device) -> Sent:
    """The documented example, with a new thing behind each id of the path: what most operations need, and
    every new one to begin with.
    """
    ids, headers = {}, {}
    for name in operation.path_ids:
        if name == "service":
            ids[name] = "staff"
        elif name == "event_id":
            ids[name] = await shop.parked_event()
        else:
            thing = await MADE[name](shop)
            ids[name] = str(thing["id"] if name not in ("user_id", "number") else thing[name])
            headers = match(thing) if operation.needs_match else {}
    body = operation.example if operation.body_model is not None else None
    return Sent(ids, body, headers=headers)


def put(body: Any, **values: Any) -> Any:
    """The body with members replaced; ``lines__0__item_id`` reaches into lists and objects."""
    for path, value in values.items():
        *parents, last = path.split("__")
        target = body
        for parent in parents:
            target = target[int(parent)] if parent.isdigit() else target[parent]
        target[int(last) if last.isdigit() else last] = value
    return body


def match(thing: dict[str, Any]) -> dict[str, str]:
    """If-Match for what a client read."""
    return {"If-Match": f'"{thing["version"]}"'}


@case("POST /auth/refresh")
async def _refresh(operation: Operation, shop: Shop, caller: Device) -> Sent:
    device = Device(caller.base_url, caller.http, caller.email, caller.password, "")
    session = await device.log_in()
    return Sent(body=put(operation.example, refresh_token=session["refresh_token"]))


@case("POST /auth/logout")
async def _log_out(operation: Operation, shop: Shop, caller: Device) -> Sent:
    # The caller's own session ends: it is one that was made for this.
    device = Device(caller.base_url, caller.http, caller.email, caller.password, f"dev-{new_id()}")
    await device.log_in()
    return Sent(body=operation.example, token=device.access_token)


@case("POST /auth/switch")
async def _switch(operation: Operation, shop: Shop, caller: Device) -> Sent:
    # Switching replaces the session's tokens: it is one that was made for this.
    device = Device(caller.base_url, caller.http, caller.email, caller.password, f"dev-{new_id()}")
    await device.log_in()
    return Sent(
        body=put(operation.example, restaurant_id=shop.owner.restaurant_id), token=device.access_token
    )


@case("POST /menu/import")
async def _import(operation: Operation, shop: Shop, caller: Device) -> Sent:
    example = operation.described["requestBody"]["content"]["text/csv"]["example"]
    body = example.replace("Burritos,Steak Burrito", f"{unique('Burritos')},{unique('Steak')}")
    return Sent(body=body.encode(), headers={"Content-Type": "text/csv"})


@case("GET /menu/search")
async def _search(operation: Operation, shop: Shop, caller: Device) -> Sent:
    return Sent(query={"q": "dish"})


@case("POST /menu/categories")
async def _add_category(operation: Operation, shop: Shop, caller: Device) -> Sent:
    return Sent(body=put(operation.example, name=unique("Desserts")))


@case("PUT /menu/categories/{category_id}")
async def _change_category(operation: Operation, shop: Shop, caller: Device) -> Sent:
    category = await shop.new_category()
    body = put(operation.example, name=unique("Sweet"))
    return Sent({"category_id": category["id"]}, body, headers=match(category))


@case("POST /menu/items")
async def _add_item(operation: Operation, shop: Shop, caller: Device) -> Sent:
    category = await shop.category()
    return Sent(body=put(operation.example, category_id=category["id"], name=unique("Steak"), **NUMBERLESS))


@case("PUT /menu/items/{item_id}")
async def _change_item(operation: Operation, shop: Shop, caller: Device) -> Sent:
    item = await shop.new_item()
    body = put(operation.example, category_id=item["category_id"], name=unique("Steak"), **NUMBERLESS)
    return Sent({"item_id": item["id"]}, body, headers=match(item))


@case("POST /menu/menus", "PUT /menu/menus/{menu_id}")
async def _save_timed_menu(operation: Operation, shop: Shop, caller: Device) -> Sent:
    category = await shop.new_category()
    body = put(operation.example, name=unique("Lunch"), category_ids__0=category["id"])
    if operation.method == "POST":
        return Sent(body=body)
    menu = await shop.timed_menu()
    return Sent({"menu_id": menu["id"]}, body, headers=match(menu))


@case("PUT /menu/items/{item_id}/options/{option_id}/availability")
async def _switch_option(operation: Operation, shop: Shop, caller: Device) -> Sent:
    item = await shop.new_item()
    option = item["option_groups"][0]["options"][0]
    return Sent({"item_id": item["id"], "option_id": option["id"]}, operation.example)


@case("POST /menu/items/{item_id}/image/confirm")
async def _confirm_picture(operation: Operation, shop: Shop, caller: Device) -> Sent:
    item = await shop.new_item()
    return Sent({"item_id": item["id"]}, {"upload_id": await shop.sent_picture(item)}, headers=match(item))


@case("DELETE /menu/items/{item_id}/image")
async def _remove_picture(operation: Operation, shop: Shop, caller: Device) -> Sent:
    item = await shop.pictured_item()
    return Sent({"item_id": item["id"]}, headers=match(item))


@case("POST /orders/quote", "POST /orders")
async def _basket(operation: Operation, shop: Shop, caller: Device) -> Sent:
    line = await shop.line()
    await shop.station()
    option = line["options"][0]["option_id"]
    body = put(operation.example, lines__0__item_id=line["item_id"], lines__0__options__0__option_id=option)
    if "id" in body:
        body["id"] = str(new_id())
    return Sent(body=body)


@case("POST /kitchen/tickets/{ticket_id}/guest-allergy/acknowledge")
async def _acknowledge_allergy(operation: Operation, shop: Shop, caller: Device) -> Sent:
    ticket = await shop.ticket()
    await shop.owner.put(f"/api/v2/orders/{ticket['order_id']}/guest-allergy", operation.example)
    return Sent({"ticket_id": ticket["id"]}, operation.example)


@case("POST /orders/{order_id}/validate")
async def _validate(operation: Operation, shop: Shop, caller: Device) -> Sent:
    return Sent({"order_id": (await shop.order(draft=True))["id"]}, operation.example)


@case("POST /orders/{order_id}/fire")
async def _fire(operation: Operation, shop: Shop, caller: Device) -> Sent:
    order = await shop.order(line={"course": operation.example["course"]})
    return Sent({"order_id": order["id"]}, operation.example)


@case("POST /orders/{order_id}/complete")
async def _complete(operation: Operation, shop: Shop, caller: Device) -> Sent:
    return Sent({"order_id": (await shop.paid_and_ready())["id"]}, operation.example)


@case("PUT /orders/{order_id}/customer")
async def _set_customer(operation: Operation, shop: Shop, caller: Device) -> Sent:
    order, customer = await shop.order(), await shop.new_customer()
    return Sent({"order_id": order["id"]}, put(operation.example, customer_id=customer["id"]))


@case("POST /orders/{order_id}/invoice")
async def _invoice(operation: Operation, shop: Shop, caller: Device) -> Sent:
    return Sent({"order_id": (await shop.done_order())["id"]}, operation.example)


@case("POST /invoices/{invoice_id}/credit-notes")
async def _credit(operation: Operation, shop: Shop, caller: Device) -> Sent:
    invoice = await shop.invoice()
    body = put(operation.example, lines__0__line_id=invoice["lines"][0]["line_id"])
    return Sent({"invoice_id": invoice["id"]}, body)


@case("POST /printers", "PUT /printers/{printer_id}")
async def _save_printer(operation: Operation, shop: Shop, caller: Device) -> Sent:
    body = put(operation.example, name=unique("Grill"), station_id=(await shop.station())["id"])
    body = put(body, fallback_id=(await shop.printer())["id"])
    if operation.method == "POST":
        return Sent(body=body)
    printer = await shop.new_printer()
    return Sent({"printer_id": printer["id"]}, body, headers=match(printer))


@case("POST /print-jobs")
async def _print(operation: Operation, shop: Shop, caller: Device) -> Sent:
    printer, order = await shop.printer(), await shop.order()
    return Sent(body=put(operation.example, printer_id=printer["id"], order_id=order["id"]))


@case("POST /print-jobs/claim")
async def _claim(operation: Operation, shop: Shop, caller: Device) -> Sent:
    return Sent(body=put(operation.example, printer_ids=[(await shop.new_printer())["id"]]))


@case("POST /print-jobs/{job_id}/retry")
async def _retry_print(operation: Operation, shop: Shop, caller: Device) -> Sent:
    job, printer = await shop.print_job(), await shop.printer()
    return Sent({"job_id": job["id"]}, put(operation.example, printer_id=printer["id"]))


@case("POST /kitchen/stations")
async def _add_station(operation: Operation, shop: Shop, caller: Device) -> Sent:
    category = await shop.new_category()
    body = put(operation.example, name=unique("Grill"), category_ids__0=category["id"])
    return Sent(body=body)


@case("PUT /kitchen/stations/{station_id}")
async def _change_station(operation: Operation, shop: Shop, caller: Device) -> Sent:
    category = await shop.new_category()
    station = await shop.new_station()
    changed = put(operation.example, name=unique("Grill"), category_ids__0=category["id"])
    return Sent({"station_id": station["id"]}, changed, headers=match(station))


@case("POST /orders/{order_id}/transfer")
async def _transfer(operation: Operation, shop: Shop, caller: Device) -> Sent:
    order, table = await shop.order(), await shop.new_table()
    return Sent({"order_id": order["id"]}, put(operation.example, table_id=table["id"]))


@case("POST /orders/{order_id}/merge")
async def _merge(operation: Operation, shop: Shop, caller: Device) -> Sent:
    order, other = await shop.order(), await shop.order()
    return Sent({"order_id": order["id"]}, put(operation.example, order_ids__0=other["id"]))


@case("POST /orders/{order_id}/unmerge")
async def _unmerge(operation: Operation, shop: Shop, caller: Device) -> Sent:
    order, other = await shop.order(), await shop.order()
    await shop.owner.post(f"/api/v2/orders/{order['id']}/merge", {"order_ids": [other["id"]]})
    return Sent({"order_id": order["id"]}, operation.example)


@case("POST /orders/{order_id}/lines")
async def _add_lines(operation: Operation, shop: Shop, caller: Device) -> Sent:
    order, line = await shop.order(), await shop.line()
    option = line["options"][0]["option_id"]
    body = put(operation.example, lines__0__item_id=line["item_id"], lines__0__options__0__option_id=option)
    return Sent({"order_id": order["id"]}, body)


@case("POST /orders/{order_id}/lines/{line_id}/void", "PATCH /orders/{order_id}/lines/{line_id}")
async def _line(operation: Operation, shop: Shop, caller: Device) -> Sent:
    order = await shop.order(line={"hold": True})
    return Sent({"order_id": order["id"], "line_id": order["lines"][0]["id"]}, operation.example)


@case("DELETE /orders/{order_id}/discounts/{discount_id}")
async def _take_back(operation: Operation, shop: Shop, caller: Device) -> Sent:
    order = await shop.discounted()
    return Sent({"order_id": order["id"], "discount_id": order["discounts"][0]["id"]})


@case("POST /promotions")
async def _add_promotion(operation: Operation, shop: Shop, caller: Device) -> Sent:
    category = await shop.new_category()
    return Sent(body=put(operation.example, name=unique("Lunch"), category_ids__0=category["id"]))


@case("PUT /promotions/{promotion_id}")
async def _change_promotion(operation: Operation, shop: Shop, caller: Device) -> Sent:
    promotion = await shop.promotion()
    body = put(operation.example, name=unique("Lunch"), category_ids=promotion["category_ids"])
    return Sent({"promotion_id": promotion["id"]}, body, headers=match(promotion))


@case("PUT /orders/{order_id}/split")
async def _split(operation: Operation, shop: Shop, caller: Device) -> Sent:
    order = await shop.order()
    body = put(operation.example, groups__0__lines__0__line_id=order["lines"][0]["id"])
    return Sent({"order_id": order["id"]}, body)


@case("PUT /orders/{order_id}/promise")
async def _promise(operation: Operation, shop: Shop, caller: Device) -> Sent:
    at = SystemClock().now() + timedelta(minutes=90)
    # Late in a business day an order of today has no such time: then it goes at once.
    order = await shop.order()
    later = (
        at.isoformat() if order["business_date"] == at.date().isoformat() and at.hour < LATE_HOUR else None
    )
    return Sent({"order_id": order["id"]}, put(operation.example, scheduled_for=later))


@case("PUT /slots/settings")
async def _set_slots(operation: Operation, shop: Shop, caller: Device) -> Sent:
    known = await shop.owner.get("/api/v2/slots/settings")
    body = put(operation.example, limited=False, from_minutes=0, until_minutes=0, fire_together=False)
    return Sent(body=body, headers=match(known))


@case("POST /floor/sections")
async def _add_section(operation: Operation, shop: Shop, caller: Device) -> Sent:
    return Sent(body=put(operation.example, name=unique("Bar")))


@case("PUT /floor/sections/{section_id}")
async def _change_section(operation: Operation, shop: Shop, caller: Device) -> Sent:
    section = await shop.new_section()
    body = put(operation.example, name=unique("Bar"))
    return Sent({"section_id": section["id"]}, body, headers=match(section))


@case("POST /floor/tables")
async def _add_table(operation: Operation, shop: Shop, caller: Device) -> Sent:
    section = await shop.section()
    return Sent(body=put(operation.example, name=unique("T"), section_id=section["id"]))


@case("PUT /floor/tables/{table_id}")
async def _change_table(operation: Operation, shop: Shop, caller: Device) -> Sent:
    table = await shop.new_table()
    body = put(operation.example, name=unique("T"), section_id=table["section_id"])
    return Sent({"table_id": table["id"]}, body, headers=match(table))


@case("POST /floor/tables/{table_id}/reserve")
async def _reserve(operation: Operation, shop: Shop, caller: Device) -> Sent:
    table, tomorrow = await shop.new_table(), SystemClock().now() + timedelta(days=1)
    return Sent({"table_id": table["id"]}, operation.example | {"from": tomorrow.isoformat()})


@case("POST /stock/{item_id}/waste", "POST /stock/{item_id}/delivery", "PUT /stock/{item_id}/policy")
async def _tell_of_the_shelf(operation: Operation, shop: Shop, caller: Device) -> Sent:
    item = await shop.counted_item()
    return Sent({"item_id": item["id"]}, operation.example)


@case("POST /ingredients")
async def _add_ingredient(operation: Operation, shop: Shop, caller: Device) -> Sent:
    return Sent(body=put(operation.example, name=unique("Flour")))


@case("PUT /ingredients/{ingredient_id}")
async def _change_ingredient(operation: Operation, shop: Shop, caller: Device) -> Sent:
    ingredient = await shop.new_ingredient()
    body = put(operation.example, name=unique("Flour"))
    return Sent({"ingredient_id": ingredient["id"]}, body, headers=match(ingredient))


@case("PUT /menu/items/{item_id}/recipe")
async def _set_recipe(operation: Operation, shop: Shop, caller: Device) -> Sent:
    item, ingredient = await shop.new_item(), await shop.new_ingredient()
    body = put(operation.example, takes__0__ingredient_id=ingredient["id"])
    return Sent({"item_id": item["id"]}, body, headers={"If-Match": '"0"'})


@case("POST /suppliers")
async def _add_supplier(operation: Operation, shop: Shop, caller: Device) -> Sent:
    return Sent(body=put(operation.example, name=unique("Mill")))


@case("PUT /suppliers/{supplier_id}")
async def _change_supplier(operation: Operation, shop: Shop, caller: Device) -> Sent:
    supplier = await shop.new_supplier()
    body = put(operation.example, name=unique("Mill"))
    return Sent({"supplier_id": supplier["id"]}, body, headers=match(supplier))


@case("PUT /stock/{item_id}/supply")
async def _set_supply(operation: Operation, shop: Shop, caller: Device) -> Sent:
    ingredient, supplier = await shop.new_ingredient(), await shop.new_supplier()
    body = put(operation.example, supplier_id=supplier["id"])
    return Sent({"item_id": ingredient["id"]}, body, headers={"If-Match": '"0"'})


TICKET_STEPS_BEFORE = {"recall": ("bump",), "serve": ("bump",)}
LINE_STEPS_BEFORE = {
    "start": (),
    "ready": ("start",),
    "serve": ("start", "bump"),
    "recall": ("start", "bump"),
}


@case(*(f"POST /kitchen/tickets/{{ticket_id}}/{step}" for step in TICKET_STEPS_BEFORE))
async def _step_ticket(operation: Operation, shop: Shop, caller: Device) -> Sent:
    ticket = await shop.ticket(*TICKET_STEPS_BEFORE[operation.path.rpartition("/")[2]])
    return Sent({"ticket_id": ticket["id"]}, operation.example)


@case(*(f"POST /kitchen/tickets/{{ticket_id}}/lines/{{line_id}}/{step}" for step in LINE_STEPS_BEFORE))
async def _step_line(operation: Operation, shop: Shop, caller: Device) -> Sent:
    ticket = await shop.ticket(*LINE_STEPS_BEFORE[operation.path.rpartition("/")[2]])
    return Sent({"ticket_id": ticket["id"], "line_id": ticket["lines"][0]["id"]}, operation.example)


@case("POST /orders/{order_id}/payments")
async def _pay(operation: Operation, shop: Shop, caller: Device) -> Sent:
    order, session = await shop.order(), await shop.session()
    body = put(operation.example, id=str(new_id()), till_session_id=session["id"])
    return Sent({"order_id": order["id"]}, body)


@case("POST /till-sessions")
async def _open_till(operation: Operation, shop: Shop, caller: Device) -> Sent:
    return Sent(body=put(operation.example, till=unique("Front")))


@case("POST /till-sessions/{session_id}/drawer-events")
async def _move_cash(operation: Operation, shop: Shop, caller: Device) -> Sent:
    # Cash of a till is moved by whoever opened it.
    return Sent({"session_id": (await shop.new_session(caller))["id"]}, operation.example)


@case("POST /till-sessions/{session_id}/close")
async def _close_till(operation: Operation, shop: Shop, caller: Device) -> Sent:
    session = await shop.new_session()
    # What the example counts is in the drawer.
    surplus = operation.example["counted_minor"] - FLOAT_MINOR
    paid_in = {"kind": "paid_in", "amount_minor": surplus, "reason": "change"}
    await shop.owner.post(f"/api/v2/till-sessions/{session['id']}/drawer-events", paid_in)
    return Sent({"session_id": session["id"]}, operation.example)


@case("POST /employees")
async def _add_employee(operation: Operation, shop: Shop, caller: Device) -> Sent:
    return Sent(body=put(operation.example, user_id=str(new_id())))


@case("PUT /employees/{employee_id}")
async def _change_employee(operation: Operation, shop: Shop, caller: Device) -> Sent:
    employee = await shop.employee()
    body = put(operation.example, user_id=str(new_id()))
    return Sent({"employee_id": employee["id"]}, body, headers=match(employee))


@case("POST /timecards/clock-in", "POST /timecards/clock-out")
async def _clock(operation: Operation, shop: Shop, caller: Device) -> Sent:
    me = await caller.get("/api/v2/me")
    await shop.own_card(me["user"]["id"], open_now=operation.path.endswith("out"))
    return Sent(body=operation.example)


@case("POST /platform/restaurants")
async def _add_restaurant(operation: Operation, shop: Shop, caller: Device) -> Sent:
    email = f"owner-{new_id().hex[-12:]}@walk.fynlo.test"
    return Sent(body=put(operation.example, name=unique("Casa"), owner_email=email))


@case("PUT /restaurant/settings")
async def _change_settings(operation: Operation, shop: Shop, caller: Device) -> Sent:
    restaurant = (await shop.owner.get("/api/v2/me"))["restaurant"]
    # A minute to and fro: a real change, and one that other tests do not notice.
    cutoff = 479 - restaurant["day_cutoff_minutes"]
    body = put(operation.example, service_charge_bp=0, day_cutoff_minutes=cutoff)
    return Sent(body=body, headers=match(restaurant))


@case("POST /invitations")
async def _invite(operation: Operation, shop: Shop, caller: Device) -> Sent:
    return Sent(body=put(operation.example, email=f"walk-{new_id().hex[-12:]}@demo.fynlo.test"))


@case("POST /invitations/preview", "POST /invitations/accept")
async def _take_up(operation: Operation, shop: Shop, caller: Device) -> Sent:
    secret = await shop.secret_of(await shop.invitation())
    return Sent(body=put(operation.example, token=secret))


@case("POST /auth/password")
async def _change_password(operation: Operation, shop: Shop, caller: Device) -> Sent:
    # A person of this request alone: the caller's own password is everybody's.
    member = await shop.member()
    return Sent(body=put(operation.example, current=PASSWORD), token=member["device"].access_token)


@case("POST /auth/password/forgot")
async def _forgot(operation: Operation, shop: Shop, caller: Device) -> Sent:
    return Sent(body=put(operation.example, email=f"walk-{new_id().hex[-12:]}@demo.fynlo.test"))


@case("POST /auth/password/reset")
async def _reset(operation: Operation, shop: Shop, caller: Device) -> Sent:
    member = await shop.member()
    person: Device = member["device"]
    before = await secret_sent_to(person)
    await person.send("POST", "/api/v2/auth/password/forgot", {"email": person.email})
    return Sent(body=put(operation.example, token=await secret_sent_to(person, after=before)))


@case("GET /realtime/snapshot")
async def _snapshot(operation: Operation, shop: Shop, caller: Device) -> Sent:
    return Sent(query={"ch": f"restaurant:{shop.owner.restaurant_id}:kitchen"})
