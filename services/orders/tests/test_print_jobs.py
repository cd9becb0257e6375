"""Printers and the queue of what they print: every job ends, and none is forgotten."""

import asyncio
import base64
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import printing_pb2
from hypothesis import given
from hypothesis import strategies as st

from chassis.ids import new_id
from harness.fixtures import EventRecorder
from services.orders.domain.errors import NameTaken, OrderNotFound, StaleVersion, TicketNotFound
from services.orders.domain.kitchen_paper import ticket_paper
from services.orders.domain.order.axes import Kitchen
from services.orders.domain.order.order import GuestAllergy, Remarks
from services.orders.domain.paper.escpos import INITIALISE
from services.orders.domain.paper.rows import Face
from services.orders.domain.paper.text import as_text
from services.orders.domain.paper_errors import (
    NoPrinter,
    NothingToPrint,
    PrinterNotFound,
    PrintJobNotFound,
    PrintJobOver,
    PrintUnclear,
    TooManyPrinters,
    UnknownPrinter,
    UnknownStation,
)
from services.orders.domain.print_job import (
    ATTEMPTS_MAX,
    FIRST_PAUSE,
    LEASE,
    LOST,
    REMOVED,
    WAITING,
    Outcome,
    PrintJob,
    PrintJobKind,
    PrintJobState,
    claimed,
    given_up,
    is_lost,
    queued,
    retried,
    settled,
)
from services.orders.domain.printer import PRINTERS_MAX, Printer, PrinterKind, check_printer
from services.orders.rpc.print_job import ACKNOWLEDGED, CLAIMED, CREATED, RETRIED
from services.orders.rpc.printer import DELETED, SAVED
from services.orders.tests.builders import NOON
from services.orders.tests.test_contract import AT, FIRED, ON_TICKET
from services.orders.tests.world import World
from services.orders.usecases import housekeeping
from services.orders.usecases import print_job as jobs
from services.orders.usecases import printer as printers
from services.orders.usecases.print_job import WantedPrint
from services.orders.wire.enums import ALLERGENS
from services.orders.wire.printer import wanted_printer

BAR = Printer(new_id(), "Bar", PrinterKind.RECEIPT, 42, None, None, 1)
GRILL = Printer(new_id(), "Grill", PrinterKind.KITCHEN, 32, None, BAR.id, 1)


def a_job(printer: Printer = GRILL) -> PrintJob:
    return queued(new_id(), printer, PrintJobKind.TICKET, "Ticket 1", new_id(), b"x", NOON)


# -- the rules -----------------------------------------------------------------------------------------------


def test_a_failed_try_waits_longer_each_time_and_the_last_one_ends_it() -> None:
    job, at, pauses = a_job(), NOON, []
    for attempt in range(1, ATTEMPTS_MAX + 1):
        job = claimed(job, at)
        assert (job.attempts, job.next_at) == (attempt, at + LEASE)
        moved = settled(job, Outcome(attempt, printed=False, error="no paper"), None, new_id(), at)
        assert moved is not None
        job = moved.job
        pauses.append(None if job.next_at is None else job.next_at - at)
    assert pauses == [FIRST_PAUSE * 2**n for n in range(ATTEMPTS_MAX - 1)] + [None]
    assert (job.state, job.error) == (PrintJobState.FAILED, "no paper")


def test_what_one_printer_cannot_another_does_once() -> None:
    job = claimed(a_job(), NOON)
    moved = given_up(job, "on fire", BAR, new_id(), NOON)
    assert moved.elsewhere is not None
    assert (moved.job.state, moved.job.rerouted_to) == (PrintJobState.REROUTED, moved.elsewhere.id)
    assert (moved.elsewhere.printer_id, moved.elsewhere.payload) == (BAR.id, job.payload)
    assert (moved.elsewhere.state, moved.elsewhere.rerouted_from) == (PrintJobState.QUEUED, job.id)
    again = given_up(claimed(moved.elsewhere, NOON), "also on fire", GRILL, new_id(), NOON)
    assert (again.job.state, again.elsewhere) == (PrintJobState.FAILED, None)


def test_late_word_of_a_lost_try_counts_only_where_paper_came_out() -> None:
    second = claimed(claimed(a_job(), NOON), NOON + LEASE)
    assert second.error == LOST
    assert settled(second, Outcome(1, printed=False), None, new_id(), NOON) is None
    printed = settled(second, Outcome(1, printed=True), None, new_id(), NOON)
    assert printed is not None
    assert printed.job.state is PrintJobState.PRINTED
    assert settled(printed.job, Outcome(2, printed=True), None, new_id(), NOON) is None
    assert settled(printed.job, Outcome(2, printed=False), None, new_id(), NOON) is None


def test_what_is_over_is_not_tried_again_but_what_failed_is() -> None:
    failed = given_up(claimed(a_job(), NOON), "x", None, new_id(), NOON).job
    again = retried(failed, BAR, NOON)
    assert (again.state, again.attempts, again.printer_name) == (PrintJobState.QUEUED, 0, "Bar")
    printed = settled(claimed(again, NOON), Outcome(1, printed=True), None, new_id(), NOON)
    assert printed is not None
    rerouted = given_up(claimed(a_job(), NOON), "x", BAR, new_id(), NOON).job
    for over in (printed.job, rerouted):
        with pytest.raises(PrintJobOver):
            retried(over, BAR, NOON)


@given(st.lists(st.sampled_from(["claim", "lost", "failed", "printed", "late"]), max_size=40), st.booleans())
def test_any_life_of_a_job_uses_at_most_its_tries_and_ends_once(steps: list[str], has_fallback: bool) -> None:
    job, at, elsewhere = a_job(), NOON, 0
    fallback = BAR if has_fallback else None
    for step in steps:
        before = job
        if step == "claim" and job.state in WAITING and job.next_at is not None and job.next_at <= at:
            moved = given_up(job, LOST, fallback, new_id(), at) if is_lost(job) else None
            job = claimed(job, at) if moved is None else moved.job
            elsewhere += moved is not None and moved.elsewhere is not None
        elif step == "lost":
            at += LEASE
        elif step in ("failed", "printed", "late"):
            attempt = job.attempts - (step == "late")
            said = settled(job, Outcome(attempt, printed=step == "printed"), fallback, new_id(), at)
            if said is not None:
                job = said.job
                elsewhere += said.elsewhere is not None
        assert job.attempts <= ATTEMPTS_MAX
        assert (job.next_at is None) == (job.state not in WAITING)
        assert job.version - before.version in (0, 1)
        if before.state not in WAITING:
            assert job is before or job.state is PrintJobState.PRINTED
    assert elsewhere <= 1


def test_a_restaurant_has_so_many_printers_and_a_fallback_is_another_one() -> None:
    others = [Printer(new_id(), f"P{n}", PrinterKind.RECEIPT, 42, None, None, 1) for n in range(PRINTERS_MAX)]
    check_printer(BAR, others[1:])
    with pytest.raises(TooManyPrinters):
        check_printer(BAR, others)
    with pytest.raises(UnknownPrinter):
        check_printer(Printer(BAR.id, "Bar", PrinterKind.RECEIPT, 42, None, BAR.id, 1), others[:1])


def test_a_printed_ticket_says_whose_it_is_and_what_must_not_be_in_it_first() -> None:
    gone = replace(ON_TICKET, id=new_id(), name="Soup", state=Kitchen.CANCELLED)
    said = Remarks(GuestAllergy((2,), "coeliac\x1b@"), "candles")
    ticket = replace(FIRED, table_name="12", lines=(ON_TICKET, gone), remarks=said, course="mains")
    shown = ticket_paper(ticket, "Europe/London", AT, ALLERGENS)
    text = as_text(shown, 32)
    order = [text.index(one) for one in
             ("Kitchen", "Table 12", "Order 17", "!! ALLERGY !!", "gluten", "coeliac@", "candles", "mains",
              "2 x Burger", "+ Cheese", "! no onions", "CANCEL 2 x Soup")]  # fmt: skip
    assert order == sorted(order)
    big = {row.left for row in shown.rows if row.face is Face.BIG}
    assert {"Table 12", "Order 17", "!! ALLERGY !!", "gluten", "2 x Burger", "CANCEL 2 x Soup"} <= big
    stopped = replace(ticket, lines=(gone,), table_name="")
    assert "CANCELLED" in as_text(ticket_paper(stopped, "Europe/London", AT, ALLERGENS), 32)


# -- the use cases -------------------------------------------------------------------------------------------


async def a_printer(world: World, name: str = "Bar", **fields: object) -> printing_pb2.Printer:
    message = printing_pb2.Printer(**({"name": name, "kind": 1, "width": 42} | fields))  # type: ignore[arg-type]
    return await save(world, message)


async def save(world: World, printer: printing_pb2.Printer) -> printing_pb2.Printer:
    wanted = wanted_printer(printer)
    reply = await printers.save_printer(world.deps, world.ask(), wanted, not printer.id, SAVED)
    return reply.printer


async def send(world: World, key: str = "", **wanted: object) -> printing_pb2.PrintJob:
    asked = WantedPrint(**{name: UUID(str(value)) for name, value in wanted.items()})  # type: ignore[arg-type]
    with world.calling():
        return (await jobs.create_print_job(world.deps, world.ask(key), asked, CREATED)).job


async def claim(
    world: World, *of: printing_pb2.Printer, key: str = ""
) -> tuple[printing_pb2.PrintJob | None, str]:
    ids = [UUID(one.id) for one in of]
    reply = await jobs.claim_print_job(world.deps, world.ask(key), ids, CLAIMED)
    return (reply.job if reply.HasField("job") else None), reply.payload


async def ack(
    world: World, job: printing_pb2.PrintJob, printed: bool = True, error: str = ""
) -> printing_pb2.PrintJob:
    outcome = Outcome(job.attempts, printed, error)
    reply = await jobs.ack_print_job(world.deps, world.ask(), UUID(job.id), outcome, ACKNOWLEDGED)
    return reply.job


async def test_a_bill_is_queued_taken_and_printed_and_devices_are_told_of_each_step(
    world: World, event_recorder: EventRecorder
) -> None:
    bar, order = await a_printer(world), await world.place()
    job = await send(world, order_id=order.id)
    assert (job.printer_id, job.title, job.state) == (bar.id, f"Bill {order.number}", 1)
    taken, payload = await claim(world, bar)
    assert taken is not None
    assert (taken.id, taken.attempts) == (job.id, 1)
    assert base64.b64decode(payload).startswith(INITIALISE)
    assert await claim(world, bar) == (None, "")
    done = await ack(world, taken)
    assert done.state == printing_pb2.PRINT_JOB_STATE_PRINTED
    told = await event_recorder.of_type(world.deps.db, orders_events.PrintJobUpdated, world.tenant)
    assert [one.job.state for one in told] == [1, 2, 3]
    shown = (await world.snapshot("printing")).printing
    assert ([one.id for one in shown.jobs], [one.name for one in shown.printers]) == ([job.id], ["Bar"])


async def test_the_second_print_of_a_bill_is_a_copy_and_a_retry_is_no_second_job(world: World) -> None:
    bar, order, key = await a_printer(world), await world.place(), str(new_id())
    first = await send(world, key, order_id=order.id)
    assert await send(world, key, order_id=order.id) == first
    await send(world, order_id=order.id)
    papers = []
    while (taken := await claim(world, bar))[0] is not None:
        papers.append(b"COPY" in base64.b64decode(taken[1]))
    assert papers == [False, True]


async def test_a_ticket_goes_to_the_printer_of_its_station(world: World) -> None:
    order = await world.place()
    [ticket] = await world.tickets(order.id)
    await a_printer(world)
    with pytest.raises(NoPrinter):
        await send(world, ticket_id=ticket.id)
    grill = await a_printer(world, "Grill", kind=2, station_id=str(ticket.station_id))
    job = await send(world, ticket_id=ticket.id)
    assert (job.printer_id, job.title, job.order_id) == (grill.id, f"Ticket {order.number}", order.id)


async def test_what_is_unclear_or_not_there_is_not_printed(world: World) -> None:
    order = await world.place()
    with pytest.raises(NoPrinter):
        await send(world, order_id=order.id)
    bar = await a_printer(world)
    for wanted, error in (
        ({}, PrintUnclear),
        ({"order_id": order.id, "ticket_id": new_id()}, PrintUnclear),
        ({"order_id": new_id()}, OrderNotFound),
        ({"ticket_id": new_id(), "printer_id": bar.id}, TicketNotFound),
        ({"order_id": order.id, "printer_id": new_id()}, UnknownPrinter),
        ({"order_id": (await world.place(draft=True)).id}, NothingToPrint),
    ):
        with pytest.raises(error):
            await send(world, **wanted)


async def test_a_job_that_its_agent_lost_is_taken_again_and_at_last_printed_elsewhere(world: World) -> None:
    bar = await a_printer(world)
    grill = await a_printer(world, "Grill", kind=2, fallback_id=bar.id)
    job = await send(world, order_id=(await world.place()).id, printer_id=grill.id)
    for attempt in range(1, ATTEMPTS_MAX + 1):
        taken, _ = await claim(world, grill)
        assert taken is not None
        assert taken.attempts == attempt
        world.clock.advance(LEASE)
    assert await claim(world, grill) == (None, "")
    elsewhere, _ = await claim(world, bar)
    assert elsewhere is not None
    assert elsewhere.rerouted_from == job.id
    listed = await jobs.list_print_jobs(world.deps, world.tenant, UUID(grill.id), None, 10)
    assert [(one.state, one.rerouted_to) for one in listed] == [(PrintJobState.REROUTED, UUID(elsewhere.id))]


async def test_of_agents_at_once_each_takes_another_job(world: World) -> None:
    bar = await a_printer(world)
    for _ in range(3):
        await send(world, order_id=(await world.place()).id)
    taken = await asyncio.gather(*(claim(world, bar) for _ in range(6)))
    ids = [job.id for job, _ in taken if job is not None]
    assert len(ids) == len(set(ids))
    while (more := await claim(world, bar))[0] is not None:
        ids.append(more[0].id)
    assert len(ids) == len(set(ids)) == 3


async def test_a_failed_job_is_tried_again_after_its_pause_and_by_hand_at_once(world: World) -> None:
    bar = await a_printer(world)
    await send(world, order_id=(await world.place()).id)
    taken, _ = await claim(world, bar)
    assert taken is not None
    failed = await ack(world, taken, printed=False, error="no paper")
    assert (failed.state, failed.error) == (printing_pb2.PRINT_JOB_STATE_QUEUED, "no paper")
    assert await claim(world, bar) == (None, "")
    other = await a_printer(world, "Other")
    reply = await jobs.retry_print_job(world.deps, world.ask(), UUID(failed.id), UUID(other.id), RETRIED)
    assert (reply.job.printer_name, reply.job.attempts) == ("Other", 0)
    assert (await claim(world, other))[0] is not None
    world.clock.advance(timedelta(hours=1))
    assert await claim(world, bar) == (None, "")


async def test_a_removed_printer_leaves_no_job_waiting_and_nobody_falls_back_on_it(world: World) -> None:
    bar = await a_printer(world)
    grill = await a_printer(world, "Grill", kind=2, fallback_id=bar.id)
    await send(world, order_id=(await world.place()).id)
    await printers.delete_printer(world.deps, world.ask(), UUID(bar.id), DELETED)
    [failed] = await jobs.list_print_jobs(world.deps, world.tenant, None, None, 10)
    assert (failed.state, failed.error) == (PrintJobState.FAILED, REMOVED)
    [left] = await printers.list_printers(world.deps, world.tenant)
    assert (str(left.id), left.fallback_id, left.version) == (grill.id, None, 2)
    with pytest.raises(PrinterNotFound):
        await printers.delete_printer(world.deps, world.ask(), UUID(bar.id), DELETED)


async def test_a_printer_is_changed_by_who_has_seen_it_last_and_names_are_used_once(world: World) -> None:
    bar = await a_printer(world)
    with pytest.raises(NameTaken):
        await a_printer(world, " bar ")
    with pytest.raises(UnknownStation):
        await a_printer(world, "X", station_id=str(new_id()))
    bar.width = 48
    assert (await save(world, bar)).version == 2
    with pytest.raises(StaleVersion):
        await save(world, bar)
    bar.id = str(new_id())
    with pytest.raises(PrinterNotFound):
        await save(world, bar)


async def test_printers_and_jobs_of_others_are_not_there(world: World) -> None:
    bar, other = await a_printer(world), world.another()
    job = await send(world, order_id=(await world.place()).id)
    await other.place()
    assert await printers.list_printers(other.deps, other.tenant) == []
    assert await jobs.list_print_jobs(other.deps, other.tenant, None, None, 10) == []
    assert await claim(other, bar) == (None, "")
    with pytest.raises(PrintJobNotFound):
        await ack(other, job)
    with pytest.raises(UnknownPrinter):
        await send(other, order_id=(await other.place()).id, printer_id=bar.id)


async def test_jobs_that_are_over_go_after_a_week_those_of_everybody_and_no_other(world: World) -> None:
    other = world.another()
    kept: list[tuple[World, str]] = []
    for house in (world, other):
        bar = await a_printer(house)
        await send(house, order_id=(await house.place()).id)
        printed, _ = await claim(house, bar)
        assert printed is not None
        await ack(house, printed)
        kept.append((house, (await send(house, order_id=(await house.place()).id)).id))
    world.clock.advance(housekeeping.PRINT_JOBS_KEPT - timedelta(hours=1))
    await housekeeping.sweep_print_jobs(world.deps)
    for house, _ in kept:
        assert len(await jobs.list_print_jobs(house.deps, house.tenant, None, None, 10)) == 2
    world.clock.advance(timedelta(hours=2))
    # Other tests have left some of theirs.
    assert await housekeeping.sweep_print_jobs(world.deps) >= 2
    for house, waiting in kept:
        left = await jobs.list_print_jobs(house.deps, house.tenant, None, None, 10)
        assert [str(one.id) for one in left] == [waiting]
    assert await housekeeping.sweep_print_jobs(world.deps) == 0
