"""The paper of one check: what that guest pays and the VAT in it, an original once, and copies after it."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from fynlo.orders.v1 import orders_pb2

from chassis.ids import new_id
from services.orders.domain.check_receipt import check_receipt_of
from services.orders.domain.order.order import LineAdded, Order
from services.orders.domain.paper.document import Form
from services.orders.domain.paper.text import as_text
from services.orders.domain.paper_errors import PrintUnclear, UnknownCheck
from services.orders.domain.receipt import Mark, Tender, receipt_of, receipt_paper
from services.orders.pricing import BillMode
from services.orders.rpc.print_job import CREATED
from services.orders.rpc.receipt import GIVEN
from services.orders.tests.splits import (
    after_paying,
    after_split,
    an_order,
    by_item,
    checks,
    evenly,
    one_more,
    with_lines,
)
from services.orders.tests.test_checks import pay, split
from services.orders.tests.test_print_jobs import a_printer
from services.orders.tests.test_receipts import CASA, PAID_AT, amounts
from services.orders.tests.world import World
from services.orders.usecases.print_job import WantedPrint, create_print_job
from services.orders.usecases.receipt import WantedReceipt, give_receipt

THIRD = Fraction(1, 3)


def told(order: Order, place: int, *tenders: Tender) -> str:
    receipt = check_receipt_of(order, checks(order)[place].id, CASA, tenders)
    return as_text(receipt_paper(receipt, Mark.ORIGINAL), 42)


def test_a_check_says_its_lines_and_shares_and_the_vat_that_is_in_them() -> None:
    order = an_order(1200, 900, rates=[(2000,), (0,)])
    hot, cold = order.lines
    order = after_split(order, by_item([hot, (cold, THIRD)], [(cold, Fraction(2, 3))]))
    text = told(order, 0)
    assert amounts(text, "1 x Dish 0") == ["12.00"]
    assert amounts(text, "1/3 x Dish 1") == ["3.00"]
    assert amounts(text, "TOTAL") == ["£15.00"]
    assert (amounts(text, "VAT 0% in 3.00"), amounts(text, "VAT 20% in 12.00")) == (["0.00"], ["2.00"])
    assert "Check 1" in text
    other = told(order, 1)
    assert amounts(other, "2/3 x Dish 1") == ["6.00"]
    assert "VAT 20%" not in other


def test_what_is_taken_off_a_shared_line_is_on_each_check_in_its_part() -> None:
    order = an_order(1000)
    order = with_lines(order, [replace(order.lines[0], discount_minor=100)])
    order = after_split(order, by_item([(order.lines[0], THIRD)]))
    text = told(order, 0)
    assert (amounts(text, "1/3 x Dish 0"), amounts(text, "Discount")) == (["3.33"], ["-0.33"])
    assert (amounts(text, "TOTAL"), amounts(text, "You saved")) == (["£3.00"], ["0.33"])


def test_a_part_of_everything_says_of_what_it_is_a_part() -> None:
    order = after_split(an_order(1000, 500, service_charge_bp=1250), evenly(3))
    text = told(order, 0)
    assert "1 x Dish 0" in [line.strip() for line in text.splitlines()], "an amount that nobody pays"
    assert amounts(text, "Your part of 15.00") == ["5.00"]
    assert amounts(text, "Service charge") == ["0.63"]
    assert amounts(text, "TOTAL") == ["£5.63"]
    assert "Check 1 of 3" in text


def test_all_checks_say_together_what_the_order_says() -> None:
    order = an_order(1000, 501, 99, rates=[(2000,), (0,), (500,)], bill_mode=BillMode.INCLUSIVE_COMPULSORY)
    order = after_split(order, by_item([order.lines[0], (order.lines[1], THIRD)], [(order.lines[1], THIRD)]))
    papers = [check_receipt_of(order, one.id, CASA, ()) for one in checks(order)]
    whole = receipt_of(order, CASA, ())
    for name in ("goods_minor", "service_charge_minor", "vat_minor", "total_minor"):
        assert sum(getattr(one.sums, name) for one in papers) == getattr(whole.sums, name)
    for group in whole.sums.vat:
        found = [one for paper in papers for one in paper.sums.vat if one.rate_bp == group.rate_bp]
        assert sum(one.gross_minor for one in found) == group.gross_minor
        assert sum(one.vat_minor for one in found) == group.vat_minor
    assert all(
        sum(line.gross_minor - line.discount_minor for line in paper.lines) == paper.sums.goods_minor
        for paper in papers
    )


def test_a_check_is_a_bill_until_it_is_paid_and_says_how_it_was() -> None:
    order = after_split(an_order(1000), evenly(2))
    mine, other = (check.id for check in checks(order))
    bill = told(order, 0)
    assert ("This is not a receipt" in bill, amounts(bill, "To pay")) == (True, ["£5.00"])
    order = after_paying(order, 500, mine)
    tenders = (
        Tender("cash", 500, PAID_AT, tendered_minor=1000, change_minor=500, check_id=mine),
        Tender("card", 200, PAID_AT, check_id=other),
    )
    receipt = told(order, 0, *tenders)
    assert amounts(receipt, "Receipt 1") == ["20:05"]
    assert (amounts(receipt, "Cash"), amounts(receipt, "Change")) == (["10.00"], ["5.00"])
    assert "Card" not in receipt
    assert "Simplified VAT invoice" in receipt


def test_money_that_named_no_check_is_on_the_receipt_as_paid() -> None:
    order = after_paying(after_split(an_order(1000), evenly(2)), 1000)
    assert amounts(told(order, 1, Tender("card", 1000, PAID_AT)), "Paid") == ["5.00"]


def test_a_paid_part_of_everything_is_not_of_what_is_ordered_later() -> None:
    order = after_split(an_order(1000), evenly(2))
    mine = checks(order)[0].id
    order = after_paying(order, 500, mine)
    later = replace(one_more(order, 700), added=LineAdded(order.version + 1, PAID_AT + timedelta(minutes=1)))
    order = with_lines(order, [*order.lines, later])
    assert "More" not in told(order, 0, Tender("card", 500, PAID_AT, check_id=mine))


def test_each_check_has_documents_of_its_own() -> None:
    order = after_split(an_order(1000), evenly(2))
    bills = {check_receipt_of(order, one.id, CASA, ()).document for one in checks(order)}
    order = after_paying(order, 1000)
    receipts = {check_receipt_of(order, one.id, CASA, ()).document for one in checks(order)}
    assert len({*bills, *receipts, receipt_of(order, CASA, ()).document}) == 5
    assert [check_receipt_of(order, one.id, CASA, ()).name[-8:] for one in checks(order)] == [
        "-check-1",
        "-check-2",
    ]


@pytest.mark.parametrize("is_split", [True, False])
def test_a_check_that_is_not_there_any_more_has_no_paper(is_split: bool) -> None:
    order = after_split(an_order(1000), evenly(2)) if is_split else an_order(1000)
    with pytest.raises(UnknownCheck):
        check_receipt_of(order, new_id(), CASA, ())


# -- handed out ----------------------------------------------------------------------------------------------


async def give(world: World, order: orders_pb2.Order, check: str, form: Form = Form.TEXT) -> str:
    wanted = WantedReceipt(UUID(order.id), form, 42, UUID(check))
    with world.calling():
        reply = await give_receipt(world.deps, world.ask(""), wanted, GIVEN)
    return reply.content.decode("cp858" if form is Form.ESCPOS else "utf-8")


async def test_the_original_of_a_check_is_handed_out_once_and_tells_how_it_was_paid(world: World) -> None:
    order = await world.place()
    first, second = await split(world, order, 2)
    await pay(world, order, first.total_minor, first.id)
    original = await give(world, order, first.id)
    assert "COPY" not in original
    assert amounts(original, "Cash") == [f"{first.total_minor / 100:.2f}"]
    for form in Form:
        assert "COPY" in await give(world, order, first.id, form)
    assert "COPY" not in await give(world, order, second.id)


async def test_the_paper_of_a_check_goes_to_a_printer(world: World) -> None:
    order = await world.place()
    first, _ = await split(world, order, 2)
    bar = UUID((await a_printer(world)).id)
    wanted = WantedPrint(bar, UUID(order.id), UUID(first.id))
    with world.calling():
        reply = await create_print_job(world.deps, world.ask(), wanted, CREATED)
    assert reply.job.title == f"Bill {order.number}"
    assert "COPY" in await give(world, order, first.id)
    with pytest.raises(PrintUnclear), world.calling():
        await create_print_job(world.deps, world.ask(), WantedPrint(bar, check_id=UUID(first.id)), CREATED)
