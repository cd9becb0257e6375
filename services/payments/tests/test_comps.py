"""What is given on the house, and orders that came to nothing: each is on one Z report."""

from dataclasses import replace

from fynlo.orders.v1 import discounts_pb2, orders_pb2

from services.payments.domain.bill import share_of
from services.payments.domain.report import (
    GENESIS_HASH,
    IssuedReport,
    canonical_json,
    issue,
    reopen,
    report_of,
    seal,
)
from services.payments.domain.till import CashTotals
from services.payments.tests.builders import bill, charges, session
from services.payments.tests.world import World

COMP, PERCENT = discounts_pb2.DISCOUNT_KIND_COMP, discounts_pb2.DISCOUNT_KIND_PERCENT


def off(kind: discounts_pb2.DiscountKind.ValueType, minor: int) -> discounts_pb2.Discount:
    return discounts_pb2.Discount(id="d", kind=kind, amount_minor=minor)


def of_nothing(world: World, *discounts: discounts_pb2.Discount, void: int = 0) -> orders_pb2.Order:
    """All of it was taken off or voided."""
    lines = [orders_pb2.OrderLine(voided=True, gross_minor=void)] if void else []
    order = world.order(0, discounts=discounts, lines=lines)
    order.totals.discount_minor = sum(one.amount_minor for one in discounts)
    return order


async def test_comps_are_on_the_report_apart_from_discounts(world: World) -> None:
    till = await world.open_till()
    order = world.order(4000, discounts=[off(COMP, 600), off(COMP, 300), off(PERCENT, 500)])
    order.totals.discount_minor = 1400
    await world.pay(order, 1000)
    await world.pay(order)
    report = await world.x_report(till)
    assert (report.discount_minor, report.comp_minor, report.comp_count) == (1400, 900, 2)
    assert not report.HasField("nothing")


async def test_a_comp_that_is_given_between_two_payments_counts_with_the_second(world: World) -> None:
    till = await world.open_till()
    order = world.order(4000)
    await world.pay(order, 1000)
    order.version, order.totals.total_minor, order.totals.discount_minor = 2, 3000, 1000
    order.vat[0].gross_minor, order.vat[0].vat_minor = 3000, 500
    order.discounts.append(off(COMP, 1000))
    await world.hear(order)
    await world.pay(order)
    report = await world.x_report(till)
    assert (report.net_minor, report.comp_minor, report.comp_count) == (3000, 1000, 1)


async def test_an_order_that_came_to_nothing_is_told_by_one_report_of_whatever_till(world: World) -> None:
    front, bar = await world.open_till("Front"), await world.open_till("Bar")
    await world.hear(of_nothing(world, off(COMP, 1200)), of_nothing(world, void=800), world.order(500))
    for till in (front, bar):
        shown = (await world.x_report(till)).nothing
        assert (shown.order_count, shown.comp_count, shown.comp_minor) == (2, 1, 1200)
    told = (await world.close(front, 5000)).report.nothing
    assert (told.order_count, told.comp_minor, told.discount_minor, told.void_minor) == (2, 1200, 1200, 800)
    assert (await world.x_report(front)).nothing == told
    await world.hear(of_nothing(world, off(PERCENT, 700)))
    later = (await world.close(bar, 5000)).report.nothing
    assert (later.order_count, later.comp_minor, later.discount_minor, later.void_minor) == (1, 0, 700, 0)


async def test_an_order_of_nothing_that_is_ordered_from_again_is_nobodys_gift(world: World) -> None:
    till = await world.open_till()
    order = of_nothing(world, void=800)
    await world.hear(order)
    order.version, order.totals.total_minor = 2, 500
    order.vat[0].gross_minor, order.vat[0].vat_minor = 500, 83
    await world.hear(order)
    await world.pay(order)
    report = (await world.close(till, 5500)).report
    assert (report.HasField("nothing"), report.void_minor) == (False, 800)


async def test_news_in_any_order_leave_the_comps_of_the_newest(world: World) -> None:
    till = await world.open_till()
    newest = of_nothing(world, off(COMP, 900))
    older = orders_pb2.Order()
    older.CopyFrom(newest)
    newest.version = 3
    older.discounts[0].amount_minor, older.version = 100, 2
    await world.hear(newest)
    await world.hear(older)
    assert (await world.x_report(till)).nothing.comp_minor == 900


def test_a_comp_of_a_bill_is_spread_over_its_payments_and_counted_once() -> None:
    unpaid = bill(replace(charges(3000, service=0, discount=1000), comp_minor=700, comp_count=2))
    unpaid = replace(unpaid, charges=replace(unpaid.charges, vat=()))
    first = share_of(unpaid, 1000)
    half = replace(unpaid.after(1000), booked=first.booked)
    second = share_of(half, 2000)
    assert first.comp_minor + second.comp_minor == 700
    assert (first.comp_count, second.comp_count) == (2, 0)
    assert all(one.comp_minor <= one.discount_minor for one in (first, second))


def test_a_report_without_comps_is_sealed_as_it_always_was() -> None:
    report = report_of(session(), session().opened_at, [], [], CashTotals())
    content = canonical_json(replace(report, number=1))
    assert "comp" not in content
    assert "nothing" not in content
    old = IssuedReport(1, content, GENESIS_HASH, seal(GENESIS_HASH, content))
    assert (reopen(old).comp_minor, reopen(old).nothing) == (0, None)
    _, issued = issue(report, 1, GENESIS_HASH)
    assert issued.hash == old.hash
