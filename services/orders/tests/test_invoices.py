"""Invoices: numbers without a gap, documents that never change, and credit notes that add up."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from fynlo.orders.v1 import documents_pb2, orders_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Problem
from chassis.ids import new_id
from harness.fixtures import ModuleDatabases
from services.orders.domain.errors import IllegalTransition, LineRefused
from services.orders.domain.invoice import (
    Invoice,
    Issue,
    Party,
    WantedCredit,
    credit_of,
    invoice_of,
    invoice_paper,
)
from services.orders.domain.order.axes import Lifecycle, State
from services.orders.domain.order.change import Locked
from services.orders.domain.order.customer import set_customer
from services.orders.domain.order.guards import allowed_commands
from services.orders.domain.order.invoicing import invoiced
from services.orders.domain.order.order import Order
from services.orders.domain.paper.document import Form
from services.orders.domain.paper.text import as_text
from services.orders.domain.paper_errors import (
    CreditTooLarge,
    CreditUnclear,
    CustomerAddressNeeded,
    CustomerNeeded,
    InvoiceNotFound,
    NotAnInvoice,
    UnknownCustomer,
)
from services.orders.domain.ticket import TicketStep
from services.orders.pricing import BillMode, LineToPrice, bill
from services.orders.rpc.invoice import CREDITED, INVOICED
from services.orders.tests.builders import MIA, stamp
from services.orders.tests.test_contract import BURGER, PLACED
from services.orders.tests.test_customers import add, attach, erase
from services.orders.tests.test_receipts import CASA
from services.orders.tests.world import World
from services.orders.usecases import invoice as invoices
from services.orders.wire.invoice import invoice_in, invoice_message

LTD = Party("Okonkwo Ltd", "4 Mill Lane\nLeeds", "GB987654321")
AT = datetime(2026, 3, 3, 9, tzinfo=UTC)
RATES = (0, 500, 1250, 2000)
sold = st.tuples(st.integers(0, 3_000), st.integers(1, 9), st.sampled_from(RATES), st.integers(0, 100))
"""Unit price, quantity, rate, percent of discount."""


def issue(number: int = 1) -> Issue:
    return Issue(new_id(), number, MIA, AT)


def order_of(goods: list[tuple[int, int, int, int]], mode: BillMode, service_bp: int) -> Order:
    """A done order of these goods, priced as every order is."""
    lines = [
        LineToPrice(unit, quantity, rate, unit * quantity * off // 100) for unit, quantity, rate, off in goods
    ]
    priced = bill(lines, mode, service_bp)
    totals = replace(
        PLACED.totals,
        goods_minor=priced.goods_minor,
        discount_minor=priced.discount_minor,
        service_charge_minor=priced.service_charge_minor,
        vat_minor=priced.vat_minor,
        total_minor=priced.total_minor,
        paid_minor=priced.total_minor,
    )
    sold_lines = tuple(
        replace(
            BURGER,
            id=new_id(),
            quantity=line.quantity,
            gross_minor=line.gross_minor,
            discount_minor=line.discount_minor,
            vat_rate_bp=line.vat_rate_bp,
            vat_minor=vat,
        )
        for line, vat in zip(lines, priced.line_vat_minor, strict=True)
    )
    return replace(
        PLACED,
        lifecycle=Lifecycle.DONE,
        lines=sold_lines,
        vat=priced.vat_groups,
        totals=totals,
        bill_mode=mode,
    )


@given(st.lists(sold, min_size=1, max_size=6), st.sampled_from(BillMode), st.sampled_from([0, 1250]))
def test_the_lines_of_an_invoice_add_up_to_its_total_and_its_vat(
    goods: list[tuple[int, int, int, int]], mode: BillMode, service_bp: int
) -> None:
    invoice = invoice_of(order_of(goods, mode, service_bp), CASA, LTD, None, issue())
    on_top = invoice.vat_minor if mode is BillMode.EXCLUSIVE_LEGACY else 0
    assert sum(line.amount_minor for line in invoice.lines) + on_top == invoice.total_minor
    assert sum(line.vat_minor for line in invoice.lines) == invoice.vat_minor
    for group in invoice.vat:
        own = [line for line in invoice.lines if line.vat_rate_bp == group.rate_bp and not line.outside_vat]
        assert sum(line.vat_minor for line in own) == group.vat_minor
    assert len({line.line_id for line in invoice.lines}) == len(invoice.lines)


@given(st.lists(sold, min_size=1, max_size=4), st.sampled_from(BillMode), st.data())
def test_credits_in_any_parts_never_exceed_the_invoice_and_add_up_to_it(
    goods: list[tuple[int, int, int, int]], mode: BillMode, data: st.DataObject
) -> None:
    invoice = invoice_of(order_of(goods, mode, 1250), CASA, LTD, None, issue())
    notes: list[Invoice] = []
    for line in invoice.lines:
        for _ in range(data.draw(st.integers(0, 3))):
            by_quantity = data.draw(st.booleans())
            wanted = WantedCredit(
                line.line_id,
                data.draw(st.integers(1, 3)) if by_quantity else 0,
                0 if by_quantity else data.draw(st.integers(1, 500)),
            )
            with suppress(CreditTooLarge):
                notes.append(credit_of(invoice, notes, [wanted], "why", issue()))
        gone = sum(one.amount_minor for note in notes for one in note.lines if one.line_id == line.line_id)
        if gone < line.amount_minor:
            rest = WantedCredit(line.line_id, 0, line.amount_minor - gone)
            notes.append(credit_of(invoice, notes, [rest], "the rest", issue()))
    assert sum(note.vat_minor for note in notes) == invoice.vat_minor
    assert sum(note.total_minor for note in notes) == invoice.total_minor
    assert all(note.total_minor >= 0 and note.vat_minor >= 0 for note in notes)


@given(st.lists(sold, min_size=1, max_size=3), st.sampled_from(BillMode))
def test_an_invoice_comes_back_from_its_body(goods: list[tuple[int, int, int, int]], mode: BillMode) -> None:
    invoice = invoice_of(order_of(goods, mode, 1250), CASA, LTD, new_id(), issue(7))
    note = credit_of(invoice, [], [WantedCredit(invoice.lines[0].line_id, 1)], "cold", issue(3)) if (
        invoice.lines[0].amount_minor
    ) else invoice  # fmt: skip
    for one in (invoice, note):
        body = invoice_message(one).SerializeToString()
        assert invoice_in(documents_pb2.Invoice.FromString(body)) == one


def test_what_is_unclear_or_too_much_is_refused() -> None:
    invoice = invoice_of(
        order_of([(1000, 3, 2000, 0)], BillMode.INCLUSIVE_OPTIONAL, 0), CASA, LTD, None, issue()
    )
    line = invoice.lines[0].line_id
    for wanted, error in (
        ([WantedCredit(line)], CreditUnclear),
        ([WantedCredit(line, 1, 1)], CreditUnclear),
        ([WantedCredit(line, 1), WantedCredit(line, 1)], CreditUnclear),
        ([WantedCredit(new_id(), 1)], LineRefused),
        ([WantedCredit(line, 4)], CreditTooLarge),
        ([WantedCredit(line, 0, 3001)], CreditTooLarge),
    ):
        with pytest.raises(error):
            credit_of(invoice, [], wanted, "why", issue())
    whole = credit_of(invoice, [], [WantedCredit(line, 3)], "why", issue())
    assert (whole.total_minor, whole.vat_minor) == (3000, 500)
    with pytest.raises(CreditTooLarge):
        credit_of(invoice, [whole], [WantedCredit(line, 0, 1)], "why", issue())
    with pytest.raises(NotAnInvoice):
        credit_of(whole, [], [WantedCredit(line, 1)], "why", issue())


def test_an_invoice_says_who_sold_what_to_whom() -> None:
    order = order_of([(1000, 2, 2000, 0), (500, 1, 0, 0)], BillMode.INCLUSIVE_OPTIONAL, 1000)
    invoice = invoice_of(order, CASA, LTD, None, issue(7))
    text = as_text(invoice_paper(invoice), 42)
    for said in ("Casa Demo", "VAT GB123456789", "VAT invoice 7", "03 Mar 2026", "Sold 02 Mar 2026",
                 "Okonkwo Ltd", "4 Mill Lane", "Leeds", "VAT GB987654321", "outside the scope of VAT",
                 "VAT 20% in 20.00", "VAT 0% in 5.00", "£27.50"):  # fmt: skip
        assert said in text, said
    note = credit_of(invoice, [], [WantedCredit(order.lines[0].id, 1)], "cold\x1b@", issue(2))
    told = as_text(invoice_paper(note), 42)
    for said in ("Credit note 2", "for invoice 7", "Reason: cold@", "CREDIT", "£10.00"):
        assert said in told, said


# -- the use case --------------------------------------------------------------------------------------------


async def done(world: World, **wanted: Any) -> orders_pb2.Order:
    order = await world.place(**wanted)
    await world.cook(order.id, TicketStep.START, TicketStep.BUMP)
    await world.pay(order)
    return await world.complete(order.id)


async def invoice(
    world: World, order: orders_pb2.Order, key: str = "", customer: str = "", named: Party | None = LTD
) -> documents_pb2.Invoice:
    whose = UUID(customer) if customer else None
    party = None if customer else named
    reply = await invoices.create_invoice(world.deps, world.ask(key), UUID(order.id), whose, party, INVOICED)
    return reply.invoice


async def credit(world: World, of: documents_pb2.Invoice, *wanted: WantedCredit) -> documents_pb2.Invoice:
    reply = await invoices.create_credit_note(world.deps, world.ask(), UUID(of.id), wanted, "cold", CREDITED)
    return reply.credit_note


async def test_a_done_order_is_invoiced_and_is_final_then(world: World) -> None:
    order = await done(world)
    made = await invoice(world, order)
    assert (made.number, made.total_minor, made.customer.name) == (1, order.totals.total_minor, LTD.name)
    after = await world.order(order.id)
    assert (after.lifecycle, after.invoice_number) == (Lifecycle.INVOICED, 1)
    assert [(row.axis, row.to_value) for row in await world.history(order.id)][-2:] == [
        ("lifecycle", "invoiced"),
        ("state", "invoiced"),
    ]
    with pytest.raises(IllegalTransition) as refused:
        await invoice(world, order)
    assert (refused.value.metadata["from"], refused.value.metadata["allowed"]) == ("invoiced", "")


async def test_a_retry_gets_the_same_invoice_and_takes_no_number(world: World) -> None:
    first, second, key = await done(world), await done(world), str(new_id())
    made = await invoice(world, first, key)
    assert await invoice(world, first, key) == made
    assert (await invoice(world, second)).number == 2


async def test_only_what_is_done_is_invoiced(world: World) -> None:
    open_one = await world.place()
    cancelled = await world.place()
    await world.cancel(cancelled.id)
    for order in (open_one, cancelled):
        with pytest.raises(IllegalTransition) as refused:
            await invoice(world, order)
        assert refused.value.metadata["command"] == "invoice"
    assert (await invoice(world, await done(world))).number == 1


async def test_numbers_have_no_gap_however_many_ask_at_once_and_whoever_is_refused(world: World) -> None:
    orders = [await done(world) for _ in range(6)]
    open_one = await world.place()
    answers = await asyncio.gather(
        *(invoice(world, order) for order in [*orders, open_one, *orders]), return_exceptions=True
    )
    numbers = sorted(one.number for one in answers if isinstance(one, documents_pb2.Invoice))
    assert numbers == [1, 2, 3, 4, 5, 6]
    assert all(isinstance(one, (documents_pb2.Invoice, Problem)) for one in answers)
    assert (await invoice(world, await done(world))).number == 7


async def test_every_restaurant_counts_for_itself(world: World) -> None:
    other = world.another()
    assert [(await invoice(one, await done(one))).number for one in (world, other)] == [1, 1]


async def test_an_invoice_is_for_one_customer_or_one_address(world: World) -> None:
    order = await done(world)
    ada = await add(world, name="Ada", address="1 High Street", vat_number="GB55")
    nowhere = await add(world, name="Nobody")
    with pytest.raises(CustomerNeeded):
        await invoice(world, order, named=None)
    with pytest.raises(CustomerNeeded):
        await invoices.create_invoice(world.deps, world.ask(), UUID(order.id), UUID(ada.id), LTD, INVOICED)
    with pytest.raises(CustomerAddressNeeded):
        await invoice(world, order, customer=nowhere.id)
    with pytest.raises(UnknownCustomer):
        await invoice(world, order, customer=str(new_id()))
    made = await invoice(world, order, customer=ada.id)
    assert (made.customer.name, made.customer.address, made.customer_id) == ("Ada", "1 High Street", ada.id)
    assert (await world.order(order.id)).customer_id == UUID(ada.id)
    with pytest.raises(IllegalTransition):
        await attach(world, order, None)


async def test_an_invoice_keeps_whom_it_was_for_when_they_are_erased(world: World) -> None:
    ada = await add(world, name="Ada", address="1 High Street")
    made = await invoice(world, await done(world), customer=ada.id)
    await erase(world, ada)
    document = await invoices.invoice_document(world.deps, world.tenant, UUID(made.id), Form.TEXT, 42)
    assert "1 High Street" in document.content.decode()
    assert document.file_name == "invoice-1.txt"


async def test_nobody_changes_an_invoice_also_who_owns_the_database(
    world: World, module_databases: ModuleDatabases
) -> None:
    made = await invoice(world, await done(world))
    owner = await asyncpg.connect(
        module_databases.infrastructure.admin_url, database=await module_databases.name("orders")
    )
    try:
        for statement in (
            "UPDATE orders.invoice SET number = 9",
            "DELETE FROM orders.invoice",
            "TRUNCATE orders.invoice",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
                await owner.execute(statement)
    finally:
        await owner.close()
    for statement in ("UPDATE invoice SET number = 9", "DELETE FROM invoice"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with world.deps.db.transaction(world.tenant) as tx:
                await tx.execute(statement)
    again = await invoices.get_invoice(world.deps, world.tenant, UUID(made.id))
    assert invoice_message(again) == made


async def test_credit_notes_have_numbers_of_their_own_and_lead_to_their_invoice(world: World) -> None:
    made = await invoice(world, await done(world))
    line = made.lines[0]
    note = await credit(world, made, WantedCredit(UUID(line.line_id), line.quantity))
    assert (note.number, note.invoice_id, note.invoice_number) == (1, made.id, 1)
    with pytest.raises(CreditTooLarge):
        await credit(world, made, WantedCredit(UUID(line.line_id), 1))
    charge = made.lines[1]
    rest = await credit(world, made, WantedCredit(UUID(charge.line_id), 0, charge.amount_minor))
    assert (rest.number, note.total_minor + rest.total_minor) == (2, made.total_minor)
    with pytest.raises(NotAnInvoice):
        await credit(world, note, WantedCredit(UUID(line.line_id), 1))
    listed = await invoices.list_invoices(world.deps, world.tenant, UUID(made.order_id), None, 10)
    assert {(one.kind.value, one.number) for one in listed} == {
        ("invoice", 1), ("credit_note", 1), ("credit_note", 2),
    }  # fmt: skip


async def test_of_credits_at_once_no_more_is_given_than_was_invoiced(world: World) -> None:
    made = await invoice(world, await done(world))
    line = UUID(made.lines[0].line_id)
    answers = await asyncio.gather(
        *(credit(world, made, WantedCredit(line, made.lines[0].quantity)) for _ in range(5)),
        return_exceptions=True,
    )
    given_back = [one for one in answers if isinstance(one, documents_pb2.Invoice)]
    assert [one.number for one in given_back] == [1]
    assert all(isinstance(one, (documents_pb2.Invoice, CreditTooLarge)) for one in answers)


async def test_invoices_of_others_are_not_there(world: World) -> None:
    made, other = await invoice(world, await done(world)), world.another()
    with pytest.raises(InvoiceNotFound):
        await invoices.get_invoice(other.deps, other.tenant, UUID(made.id))
    with pytest.raises(InvoiceNotFound):
        await credit(other, made, WantedCredit(UUID(made.lines[0].line_id), 1))
    assert await invoices.list_invoices(other.deps, other.tenant, None, None, 10) == []


@pytest.mark.parametrize("lifecycle", Lifecycle)
def test_an_order_is_invoiced_when_it_is_done_and_in_no_other_state(lifecycle: Lifecycle) -> None:
    locked = Locked(replace(PLACED, lifecycle=lifecycle))
    says = "invoice" in allowed_commands(locked.order)
    assert says == (lifecycle is Lifecycle.DONE)
    if says:
        assert invoiced(locked, 7, None, stamp()).order.state is State.INVOICED
    else:
        with pytest.raises(IllegalTransition) as refused:
            invoiced(locked, 7, None, stamp())
        assert refused.value.metadata["from"] == locked.order.state.value


@pytest.mark.parametrize("lifecycle", Lifecycle)
def test_an_order_is_given_to_a_customer_until_it_is_final(lifecycle: Lifecycle) -> None:
    locked, whose = Locked(replace(PLACED, lifecycle=lifecycle)), new_id()
    if lifecycle in {Lifecycle.DRAFT, Lifecycle.VALIDATED, Lifecycle.DONE}:
        change = set_customer(locked, whose, stamp())
        assert change is not None
        assert (change.order.customer_id, change.order.lifecycle) == (whose, lifecycle)
    else:
        with pytest.raises(IllegalTransition):
            set_customer(locked, whose, stamp())
