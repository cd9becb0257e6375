"""Bills and receipts: what they say, which one is the original, and what is written down of it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_pb2

from chassis.ids import new_id
from services.orders.domain.errors import OrderNotFound
from services.orders.domain.menu import OrderType
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.order import Totals
from services.orders.domain.paper.document import Form
from services.orders.domain.paper.text import as_text
from services.orders.domain.paper_errors import NothingToPrint
from services.orders.domain.receipt import Mark, Tender, rate, receipt_of, receipt_paper
from services.orders.domain.restaurant import RestaurantCopy
from services.orders.pricing import BillMode, VatGroup
from services.orders.rpc.receipt import GIVEN
from services.orders.tests.builders import draft, draft_line, item_message, settings_message
from services.orders.tests.test_contract import BURGER, PLACED
from services.orders.tests.world import World
from services.orders.usecases.receipt import WantedReceipt, give_receipt
from services.orders.usecases.restaurant import apply_restaurant
from services.orders.wire.enums import ALLERGENS
from services.orders.wire.restaurant import restaurant_in

CASA = RestaurantCopy(
    version=1,
    currency_code="GBP",
    time_zone="Europe/London",
    bill_mode=BillMode.INCLUSIVE_OPTIONAL,
    service_charge_bp=1250,
    day_cutoff_minutes=240,
    auto_complete=True,
    name="Casa Demo",
    address="12 Camden High Street\nLondon NW1 0JH",
    vat_number="GB123456789",
)
PAID_AT = datetime(2026, 7, 2, 19, 5, tzinfo=UTC)
CASH = Tender("cash", 2700, PAID_AT, tendered_minor=3000, change_minor=300)
PAID = replace(PLACED, totals=replace(PLACED.totals, paid_minor=2700))


def told(
    order: object, *tenders: Tender, mark: Mark = Mark.ORIGINAL, allergens: bool = False, **of: object
) -> str:
    receipt = receipt_of(order, replace(CASA, **of), tenders)  # type: ignore[arg-type]
    return as_text(receipt_paper(receipt, mark, ALLERGENS if allergens else None), 42)


def amounts(text: str, start: str) -> list[str]:
    return [line.split()[-1] for line in text.splitlines() if line.strip().startswith(start)]


def test_a_receipt_says_who_sold_what_when_for_how_much_and_how_it_was_paid() -> None:
    text = told(PAID, CASH)
    for said in ("Casa Demo", "12 Camden High Street", "London NW1 0JH", "VAT GB123456789"):
        assert said in text
    # In the restaurant's own time: an hour later than UTC in July.
    assert amounts(text, "Receipt 17") == ["20:05"]
    assert "2 covers" in text
    assert amounts(text, "2 x Burger") == ["24.00"]
    assert "+ Cheese" in text
    assert amounts(text, "Service charge, optional") == ["3.00"]
    assert amounts(text, "TOTAL") == ["£27.00"]
    assert (amounts(text, "Cash"), amounts(text, "Change")) == (["30.00"], ["3.00"])
    assert amounts(text, "VAT 20% in 24.00") == ["4.00"]
    assert "Simplified VAT invoice" in text
    assert "COPY" not in text


def test_a_bill_says_what_is_due_and_that_it_is_no_receipt() -> None:
    text = told(PLACED)
    assert text.splitlines()[4].startswith("------")
    assert amounts(text, "Bill 17")
    assert amounts(text, "To pay") == ["£27.00"]
    assert "This is not a receipt" in text
    assert "invoice" not in text
    part = told(replace(PLACED, totals=replace(PLACED.totals, paid_minor=700)))
    assert (amounts(part, "Paid"), amounts(part, "To pay")) == (["7.00"], ["£20.00"])


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (BillMode.INCLUSIVE_OPTIONAL, "Service charge, optional"),
        (BillMode.INCLUSIVE_COMPULSORY, "Service charge, compulsory"),
    ],
)
def test_a_service_charge_is_called_what_it_is(mode: BillMode, words: str) -> None:
    text = told(replace(PAID, bill_mode=mode), CASH)
    assert amounts(text, words) == ["3.00"]
    assert amounts(text, "Subtotal") == ["24.00"]


def test_prices_without_vat_have_it_added() -> None:
    totals = Totals(2400, 0, 300, 540, 3240, 3240)
    legacy = replace(
        PLACED, bill_mode=BillMode.EXCLUSIVE_LEGACY, totals=totals, vat=(VatGroup(2000, 3240, 540),)
    )
    text = told(legacy)
    assert amounts(text, "VAT")[1:] == ["5.40", "5.40"]
    assert amounts(text, "TOTAL") == ["£32.40"]


def test_every_rate_has_a_line_and_rates_are_written_as_people_do() -> None:
    groups = (VatGroup(0, 500, 0), VatGroup(1250, 900, 100), VatGroup(2000, 1000, 167))
    text = told(replace(PAID, vat=groups))
    assert [line.rsplit(maxsplit=1)[0] for line in text.splitlines() if " in " in line and "VAT" in line] == [
        "VAT 0% in 5.00",
        "VAT 12.5% in 9.00",
        "VAT 20% in 10.00",
    ]
    assert [rate(bp) for bp in (0, 500, 1250, 2000, 1)] == ["0%", "5%", "12.5%", "20%", "0.01%"]


def test_up_to_250_pounds_a_receipt_is_a_simplified_invoice_and_above_it_says_what_is_needed() -> None:
    def receipt(total: int, **of: Any) -> str:
        return told(replace(PLACED, totals=Totals(total, 0, 0, 0, total, total)), **of)

    assert "Simplified VAT invoice" in receipt(25_000)
    above = receipt(25_001)
    assert "Simplified" not in above
    assert "Over £250.00: for VAT a full invoice is" in above
    for nothing in (receipt(25_000, vat_number=""), receipt(25_001, vat_number="")):
        assert "invoice" not in nothing


def test_discounts_and_voided_lines_are_told() -> None:
    lines = (replace(BURGER, discount_minor=240), replace(BURGER, id=new_id(), name="Gone", voided=True))
    text = told(replace(PAID, lines=lines, totals=replace(PAID.totals, discount_minor=240)))
    assert amounts(text, "Discount") == ["-2.40"]
    assert amounts(text, "You saved") == ["2.40"]
    assert "Gone" not in text


def test_allergens_are_told_where_they_are_asked_for() -> None:
    assert "contains gluten, milk" in told(PAID, allergens=True)
    assert "contains" not in told(PAID)


def test_copies_and_previews_say_so() -> None:
    assert "COPY" in told(PAID, mark=Mark.COPY)
    preview = told(PAID, mark=Mark.PREVIEW)
    assert "PREVIEW" in preview
    assert "This is not a receipt" in preview


def test_what_is_not_placed_or_is_cancelled_has_no_bill() -> None:
    for order in (replace(PLACED, placed_at=None), replace(PLACED, lifecycle=Lifecycle.CANCELLED)):
        with pytest.raises(NothingToPrint):
            told(order)


def test_a_bill_of_another_content_is_another_document() -> None:
    def document(**changes: object) -> str:
        return receipt_of(replace(PLACED, **changes), CASA, ()).document  # type: ignore[arg-type]

    assert document() == document(version=9)
    assert document() != document(lines=(replace(BURGER, quantity=3),))
    assert receipt_of(PAID, CASA, ()).document == "receipt"
    assert (
        receipt_of(replace(PAID, table=None, order_type=OrderType.TAKEAWAY), CASA, ()).document == "receipt"
    )


# -- the use case --------------------------------------------------------------------------------------------


async def give(
    world: World, order: orders_pb2.Order, key: str = "", *, preview: bool = False, form: Form = Form.TEXT
) -> str:
    wanted = WantedReceipt(UUID(order.id), form, 42, is_preview=preview)
    with world.calling():
        reply = await give_receipt(world.deps, world.ask(key), wanted, GIVEN)
    return reply.content.decode("cp858" if form is Form.ESCPOS else "utf-8")


async def test_the_first_receipt_is_the_original_and_every_other_one_a_copy(world: World) -> None:
    order = await world.place()
    await world.pay(order)
    first = await give(world, order)
    assert "COPY" not in first
    for form in Form:
        assert "COPY" in await give(world, order, form=form)


async def test_a_retry_of_the_first_one_is_the_first_one_again(world: World) -> None:
    order = await world.place()
    await world.pay(order)
    key = str(new_id())
    first = await give(world, order, key)
    assert "COPY" in await give(world, order)
    assert await give(world, order, key) == first


async def test_of_many_at_once_one_is_the_original(world: World) -> None:
    order = await world.place()
    await world.pay(order)
    given = await asyncio.gather(*(give(world, order) for _ in range(8)))
    assert sum("COPY" not in text for text in given) == 1


async def test_a_preview_uses_nothing_up(world: World) -> None:
    order = await world.place()
    await world.pay(order)
    for _ in range(2):
        assert "PREVIEW" in await give(world, order, preview=True)
    assert "COPY" not in await give(world, order)


async def test_bill_and_receipt_have_an_original_each(world: World) -> None:
    order = await world.place()
    assert "COPY" not in await give(world, order)
    assert "COPY" in await give(world, order)
    await world.pay(order, 100)
    part = await give(world, order)
    assert ("Bill 1" in part, "COPY" in part) == (True, False)
    await world.record(world.payment(order.id, order.totals.total_minor - 100, sequence=2))
    receipt = await give(world, order)
    assert ("Receipt 1" in receipt, "COPY" in receipt) == (True, False)


async def test_what_payments_said_of_tip_and_change_is_on_the_receipt(world: World) -> None:
    order = await world.place()
    event = world.payment(order.id, order.totals.total_minor)
    event.payment.tip_minor, event.payment.tendered_minor, event.payment.change_minor = 175, 2000, 700
    await world.record(event)
    text = await give(world, order)
    assert (amounts(text, "Cash"), amounts(text, "of which tip"), amounts(text, "Change")) == (
        ["20.00"],
        ["1.75"],
        ["7.00"],
    )


async def test_names_of_guests_and_menus_steer_no_printer(world: World) -> None:
    evil = item_message(name="\x1bp\x07Soup\r\n\u202eTOTAL")
    world.extra_items.append(evil)
    world.publish_menu()
    order = await world.place(draft(draft_line(evil)))
    printed = await give(world, order, form=Form.ESCPOS)
    assert "pSoup TOTAL" in printed
    assert "\x1bp" not in printed
    assert "pSoup TOTAL" in await give(world, order)


async def test_settings_that_were_kept_without_a_name_are_asked_for_again(world: World) -> None:
    whole = settings_message(world.tenant, address="1 High Street", vat_number="GB1", version=0)
    world.auth.settings[world.tenant] = whole
    order = await world.place()
    old = replace(restaurant_in(whole), name="", address="", vat_number="")
    async with world.deps.db.transaction(world.tenant) as tx:
        await apply_restaurant(tx, old)
    assert "1 High Street" in await give(world, order)
    asked = world.auth.asked
    assert "VAT GB1" in await give(world, order)
    assert world.auth.asked == asked


async def test_orders_of_others_have_no_receipt(world: World) -> None:
    order = await world.place()
    with pytest.raises(OrderNotFound):
        await give(world.another(), order)


async def test_receipts_are_told_in_the_zone_and_mode_of_the_restaurant(world: World) -> None:
    world.auth.settings[world.tenant] = settings_message(
        world.tenant, time_zone="Asia/Tokyo", bill_mode=common_pb2.BILL_MODE_INCLUSIVE_COMPULSORY
    )
    text = await give(world, await world.place())
    local = world.clock.now().timestamp()
    assert "Service charge, compulsory" in text
    hour = (datetime.fromtimestamp(local, UTC).hour + 9) % 24
    assert f" {hour:02}:" in text
