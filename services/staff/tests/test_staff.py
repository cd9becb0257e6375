"""Employees and the clock over gRPC, on the real database."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from fynlo.realtime.v1 import channel_source_service_pb2 as channel_source_api
from fynlo.realtime.v1.channel_source_service_pb2_grpc import (
    ChannelSourceServiceStub,
    add_ChannelSourceServiceServicer_to_server,
)
from fynlo.staff.v1 import staff_pb2
from fynlo.staff.v1 import staff_service_pb2 as staff_api
from fynlo.staff.v1.events_pb2 import EmployeeSaved, ShiftEnded, ShiftStarted
from fynlo.staff.v1.staff_service_pb2_grpc import StaffServiceStub, add_StaffServiceServicer_to_server
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.clock import FakeClock
from chassis.db import Database
from chassis.db.migrations import revert_migrations, run_migrations, schema_differences
from chassis.errors import InvalidArgument, NotFound, PermissionDenied, Problem, Unavailable
from chassis.ids import new_id
from chassis.rpc import was_replayed
from harness.fixtures import EventRecorder, ModuleDatabases, OpenDatabase
from harness.outbox import number_events
from harness.rpc import PATIENT_SECONDS, Peer, serving
from services.staff.rpc.service import StaffRpc
from services.staff.rpc.time_card import StaffChannels
from services.staff.tests.builders import Auth

if TYPE_CHECKING:
    from fynlo.staff.v1.staff_service_pb2_grpc import StaffServiceAsyncStub

MANAGE = ("staff.manage", "staff.read", "staff.clock")
CLOCK = ("staff.clock",)
POOL_SIZE = 20


@dataclass(slots=True)
class Casa:
    """One restaurant, and a manager's and a waiter's way to staff."""

    peer: Peer
    db: Database
    auth: Auth
    stub: "StaffServiceAsyncStub"
    id: UUID
    waiter_id: UUID

    async def save(self, *, name: str = "Mia", active: bool = True, **fields: object) -> staff_pb2.Employee:
        """An employee saved by a manager."""
        employee = staff_pb2.Employee(name=name, active=active, **fields)  # type: ignore[arg-type]
        request = staff_api.SaveEmployeeRequest(request_id=str(new_id()), employee=employee)
        with self.peer.as_user(MANAGE, restaurant_id=self.id):
            return (await self.stub.SaveEmployee(request)).employee

    async def waiter(self) -> staff_pb2.Employee:
        """The employee that the waiter logs in as."""
        return await self.save(name="Will", user_id=str(self.waiter_id))

    async def clock_in(self, request_id: str = "", employee_id: str = "") -> staff_pb2.Timecard:
        """By the waiter."""
        request = staff_api.ClockInRequest(request_id=request_id or str(new_id()), employee_id=employee_id)
        with self.peer.as_user(CLOCK, restaurant_id=self.id, subject=self.waiter_id):
            return (await self.stub.ClockIn(request)).timecard

    async def clock_out(self) -> staff_pb2.Timecard:
        """By the waiter."""
        with self.peer.as_user(CLOCK, restaurant_id=self.id, subject=self.waiter_id):
            return (await self.stub.ClockOut(staff_api.ClockOutRequest(request_id=str(new_id())))).timecard

    async def cards(self, **fields: object) -> list[staff_pb2.Timecard]:
        """A list as a manager sees it."""
        request = staff_api.ListTimecardsRequest(**fields)  # type: ignore[arg-type]
        with self.peer.as_user(MANAGE, restaurant_id=self.id):
            return list((await self.stub.ListTimecards(request)).timecards)


@pytest.fixture
async def casa(service_database: OpenDatabase, fake_clock: FakeClock) -> AsyncIterator[Casa]:
    """staff behind a real server, and a restaurant nobody else uses."""
    db, auth = await service_database("staff", pool_size=POOL_SIZE), Auth()
    async with serving(
        add_StaffServiceServicer_to_server, StaffRpc(db, auth), clock=fake_clock, service_name="staff"
    ) as peer:
        yield Casa(peer, db, auth, StaffServiceStub(peer.channel), new_id(), new_id())


async def refused(call: object, kind: type[Problem] = Problem) -> Problem:
    """The problem a call comes back with."""
    with pytest.raises(kind) as problem:
        await call  # type: ignore[misc]
    return problem.value


# -- employees --------------------------------------------------------------------------------------------


async def test_an_employee_is_added_and_changed_and_each_time_announced(
    casa: Casa, event_recorder: EventRecorder
) -> None:
    added = await casa.save(hourly_rate_minor=1280, job="  server ")
    assert (added.version, added.currency_code, added.job, added.active) == (1, "GBP", "server", True)
    changed = await casa.save(id=added.id, version=1, hourly_rate_minor=1350, job="server")
    assert (changed.id, changed.version, changed.hourly_rate_minor) == (added.id, 2, 1350)
    same = await casa.save(id=added.id, version=2, hourly_rate_minor=1350, job="server")
    assert same.version == 2
    saved = await event_recorder.of_type(casa.db, EmployeeSaved, casa.id)
    assert [event.employee for event in saved] == [added, changed]


async def test_a_change_by_who_saw_an_older_version_is_refused(casa: Casa) -> None:
    added = await casa.save()
    await casa.save(id=added.id, version=1, job="cook")
    problem = await refused(casa.save(id=added.id, version=1, job="bartender"))
    assert (problem.reason, problem.metadata["version"]) == ("STALE_VERSION", "2")
    assert (await refused(casa.save(id=str(new_id()), version=1), NotFound)).reason == "EMPLOYEE_NOT_FOUND"


async def test_one_user_is_one_employee_of_a_restaurant(casa: Casa) -> None:
    await casa.waiter()
    assert (await refused(casa.waiter())).reason == "USER_ALREADY_EMPLOYED"
    other = await casa.save(name="Olga")
    again = casa.save(id=other.id, version=1, name="Olga", user_id=str(casa.waiter_id))
    assert (await refused(again)).reason == "USER_ALREADY_EMPLOYED"


async def test_wages_are_in_the_currency_of_the_restaurant(casa: Casa) -> None:
    assert (await refused(casa.save(currency_code="EUR"))).reason == "CURRENCY_MISMATCH"


async def test_a_repeated_request_adds_nobody_twice(casa: Casa) -> None:
    request = staff_api.SaveEmployeeRequest(
        request_id="once", employee=staff_pb2.Employee(name="Mia", active=True)
    )
    with casa.peer.as_user(MANAGE, restaurant_id=casa.id):
        first = await casa.stub.SaveEmployee(request)
        again = casa.stub.SaveEmployee(request)
        assert (await again).employee == first.employee
        assert await was_replayed(again)
        listed = await casa.stub.ListEmployees(staff_api.ListEmployeesRequest())
    assert [each.id for each in listed.employees] == [first.employee.id]


async def test_employees_are_listed_by_name_page_by_page_without_who_left(casa: Casa) -> None:
    for name in ("Zoe", "Adam", "Mia", "Mia"):
        await casa.save(name=name)
    await casa.save(name="Gone", active=False)
    found: list[staff_pb2.Employee] = []
    request = staff_api.ListEmployeesRequest()
    request.page.limit = 2
    with casa.peer.as_user(MANAGE, restaurant_id=casa.id):
        for _ in range(2):
            page = await casa.stub.ListEmployees(request)
            found += page.employees
            request.page.cursor = page.next_cursor
        everybody = await casa.stub.ListEmployees(staff_api.ListEmployeesRequest(include_inactive=True))
        assert request.page.cursor == ""
        request.page.cursor = "no cursor"
        assert (await refused(casa.stub.ListEmployees(request), InvalidArgument)).reason == "INVALID_CURSOR"
    assert [each.name for each in found] == ["Adam", "Mia", "Mia", "Zoe"]
    assert len({each.id for each in found}) == 4
    assert len(everybody.employees) == 5


# -- the clock --------------------------------------------------------------------------------------------


async def test_a_shift_from_clock_in_to_clock_out(
    casa: Casa, fake_clock: FakeClock, event_recorder: EventRecorder
) -> None:
    will = await casa.waiter()
    opened = await casa.clock_in("tap-1")
    assert (opened.employee_id, opened.employee_name, opened.time_zone) == (will.id, "Will", "Europe/London")
    assert (opened.worked_minutes, opened.HasField("clocked_out_at")) == (0, False)
    assert opened.business_date == "2026-03-02"
    fake_clock.advance(timedelta(hours=7, minutes=30, seconds=59))
    closed = await casa.clock_out()
    assert (closed.id, closed.worked_minutes, closed.version) == (opened.id, 450, 2)
    events = [each for each in await event_recorder.events(casa.db, casa.id) if each.channels]
    assert [type(each.message) for each in events] == [ShiftStarted, ShiftEnded]
    assert [position[2] for each in events for position in each.positions] == [1, 2]
    assert all(each.channels == ["staff"] and each.subject_id == opened.id for each in events)
    assert events[0].command_id == "tap-1"
    assert events[1].message == ShiftEnded(timecard=closed)


async def test_the_clock_refuses_a_second_tap_and_a_clock_out_without_a_card(casa: Casa) -> None:
    await casa.waiter()
    assert (await refused(casa.clock_out())).reason == "NOT_CLOCKED_IN"
    card = await casa.clock_in()
    problem = await refused(casa.clock_in())
    assert (problem.reason, problem.metadata["timecard_id"]) == ("ALREADY_CLOCKED_IN", card.id)


async def test_a_repeated_tap_is_one_tap(casa: Casa) -> None:
    await casa.waiter()
    assert await casa.clock_in("tap") == await casa.clock_in("tap")
    assert len(await casa.cards()) == 1


async def test_a_forgotten_card_is_closed_when_the_worker_comes_back(
    casa: Casa, fake_clock: FakeClock, event_recorder: EventRecorder
) -> None:
    await casa.waiter()
    forgotten = await casa.clock_in()
    fake_clock.advance(timedelta(hours=24))
    opened = await casa.clock_in()
    newest, older = await casa.cards()
    assert (newest, older.id) == (opened, forgotten.id)
    assert (older.worked_minutes, list(older.flags)) == (960, ["auto_closed"])
    [ended] = await event_recorder.of_type(casa.db, ShiftEnded, casa.id)
    assert ended.timecard == older


async def insist(casa: Casa, request_id: str) -> staff_pb2.Timecard:
    """A tap as a device makes it: while the service is busy, it is sent again."""
    give_up_at = time.monotonic() + PATIENT_SECONDS
    while True:
        try:
            return await casa.clock_in(request_id)
        except Unavailable:
            if time.monotonic() > give_up_at:
                raise


async def test_fifty_parallel_taps_open_one_card(casa: Casa, event_recorder: EventRecorder) -> None:
    await casa.waiter()
    # Without connections for all of them the first tap would be through before the others begin.
    await asyncio.gather(*(casa.cards() for _ in range(POOL_SIZE * 3)))
    answers = await asyncio.gather(*(insist(casa, f"tap-{tap}") for tap in range(50)), return_exceptions=True)
    cards = [answer for answer in answers if isinstance(answer, staff_pb2.Timecard)]
    problems = {answer.reason for answer in answers if isinstance(answer, Problem)}
    assert (len(cards), problems) == (1, {"ALREADY_CLOCKED_IN"})
    assert len(await casa.cards(open_only=True)) == 1
    assert len(await event_recorder.of_type(casa.db, ShiftStarted, casa.id)) == 1


async def test_the_database_itself_refuses_a_second_open_card(casa: Casa) -> None:
    will = await casa.waiter()
    await casa.clock_in()
    async with casa.db.transaction(casa.id) as tx:
        tag = await tx.execute(
            "INSERT INTO timecard SELECT restaurant_id, $2, employee_id, employee_name, clocked_in_at, NULL,"
            " time_zone, business_date, flags, 1 FROM timecard WHERE employee_id = $1 ON CONFLICT DO NOTHING",
            UUID(will.id),
            new_id(),
        )
    assert tag == "INSERT 0 0"


async def test_the_card_of_somebody_else_needs_a_manager(casa: Casa) -> None:
    will, mia = await casa.waiter(), await casa.save(name="Mia")
    await refused(casa.clock_in(employee_id=mia.id), PermissionDenied)
    assert (await casa.clock_in(employee_id=will.id)).employee_id == will.id
    with casa.peer.as_user(MANAGE, restaurant_id=casa.id):
        reply = await casa.stub.ClockIn(staff_api.ClockInRequest(request_id="m", employee_id=mia.id))
        assert reply.timecard.employee_id == mia.id
        unknown = staff_api.ClockInRequest(request_id="n", employee_id=str(new_id()))
        assert (await refused(casa.stub.ClockIn(unknown), NotFound)).reason == "EMPLOYEE_NOT_FOUND"
    # Whether an id exists is not told to who may not touch it.
    await refused(casa.clock_in(employee_id=str(new_id())), PermissionDenied)


async def test_who_is_no_employee_has_no_card(casa: Casa) -> None:
    await casa.save(name="Somebody without a log-in")
    assert (await refused(casa.clock_in(), NotFound)).reason == "EMPLOYEE_NOT_FOUND"
    assert (await refused(casa.clock_out(), NotFound)).reason == "EMPLOYEE_NOT_FOUND"


async def test_cards_are_listed_newest_first_and_narrowed(casa: Casa, fake_clock: FakeClock) -> None:
    await casa.waiter()
    mia = await casa.save(name="Mia")
    made = []
    for _ in range(5):
        made.append((await casa.clock_in()).id)
        fake_clock.advance(timedelta(hours=1))
        await casa.clock_out()
        fake_clock.advance(timedelta(hours=1))
    found: list[str] = []
    request = staff_api.ListTimecardsRequest()
    request.page.limit = 2
    with casa.peer.as_user(MANAGE, restaurant_id=casa.id):
        await casa.stub.ClockIn(staff_api.ClockInRequest(request_id="m", employee_id=mia.id))
        for _ in range(3):
            page = await casa.stub.ListTimecards(request)
            found += [card.id for card in page.timecards]
            request.page.cursor = page.next_cursor
    assert (found[1:], request.page.cursor) == (made[::-1], "")
    assert [card.employee_id for card in await casa.cards(open_only=True)] == [mia.id]
    assert len(await casa.cards(employee_id=mia.id)) == 1
    newest_first = await casa.cards()
    between = await casa.cards(
        from_time=newest_first[4].clocked_in_at, until_time=newest_first[2].clocked_in_at
    )
    assert [card.id for card in between] == [made[2], made[1]]


# -- isolation, copies, the channel -----------------------------------------------------------------------


async def test_another_restaurant_sees_and_touches_nothing(casa: Casa) -> None:
    will = await casa.waiter()
    await casa.clock_in()
    with casa.peer.as_user(MANAGE, restaurant_id=new_id()):
        assert not (await casa.stub.ListEmployees(staff_api.ListEmployeesRequest())).employees
        assert not (await casa.stub.ListTimecards(staff_api.ListTimecardsRequest())).timecards
        stolen = staff_api.ClockOutRequest(request_id="1", employee_id=will.id)
        await refused(casa.stub.ClockOut(stolen), NotFound)
    async with casa.db.transaction(None) as tx:
        for table in ("employee", "timecard", "restaurant"):
            assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0
        forced = await tx.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = 'staff'::regnamespace AND relforcerowsecurity"
        )
    assert {"employee", "timecard", "restaurant"} <= {row["relname"] for row in forced}


async def test_a_restaurant_is_asked_for_once(casa: Casa) -> None:
    await casa.waiter()
    await casa.clock_in()
    assert casa.auth.asked == 1


async def test_the_permissions_of_the_contract_hold(casa: Casa) -> None:
    with casa.peer.as_user(CLOCK, restaurant_id=casa.id):
        save = staff_api.SaveEmployeeRequest(request_id="1", employee=staff_pb2.Employee(name="X"))
        for call, permission in (
            (casa.stub.ListEmployees(staff_api.ListEmployeesRequest()), "staff.read"),
            (casa.stub.ListTimecards(staff_api.ListTimecardsRequest()), "staff.read"),
            (casa.stub.SaveEmployee(save), "staff.manage"),
        ):
            assert (await refused(call, PermissionDenied)).metadata["permission"] == permission


async def test_a_time_outside_the_calendar_is_refused_by_its_field(casa: Casa) -> None:
    for field in ("from_time", "until_time"):
        request = staff_api.ListTimecardsRequest(**{field: Timestamp(seconds=10**12)})  # type: ignore[arg-type]
        with casa.peer.as_user(MANAGE, restaurant_id=casa.id):
            problem = await refused(casa.stub.ListTimecards(request), InvalidArgument)
        assert (problem.reason, [wrong.field for wrong in problem.fields]) == ("INVALID_TIME", [field])


async def test_the_channel_gives_state_and_position_and_what_came_after(
    casa: Casa, fake_clock: FakeClock
) -> None:
    await casa.waiter()
    first = await casa.clock_in()
    async with serving(
        add_ChannelSourceServiceServicer_to_server,
        StaffChannels(casa.db),
        clock=fake_clock,
        caller="realtime",
        service_name="staff",
    ) as peer:
        source = ChannelSourceServiceStub(peer.channel)
        ask = channel_source_api.GetSnapshotRequest(restaurant_id=str(casa.id), channel="staff")
        await number_events(casa.db)
        with peer.as_service(casa.id):
            before = await source.GetSnapshot(ask)
        assert (before.seq, list(before.staff.timecards)) == (1, [first])
        closed = await casa.clock_out()
        await number_events(casa.db)
        with peer.as_service(casa.id):
            replayed = await source.ReplayChannel(
                channel_source_api.ReplayChannelRequest(
                    restaurant_id=str(casa.id), channel="staff", epoch=before.epoch, from_seq=before.seq
                )
            )
            after = await source.GetSnapshot(ask)
            wrong = channel_source_api.GetSnapshotRequest(restaurant_id=str(casa.id), channel="kitchen")
            assert (await refused(source.GetSnapshot(wrong), NotFound)).reason == "UNKNOWN_CHANNEL"
        assert replayed.outcome == channel_source_api.REPLAY_OUTCOME_EVENTS
        [event] = replayed.events
        assert (event.seq, ShiftEnded.FromString(event.payload).timecard) == (2, closed)
        assert (after.seq, list(after.staff.timecards)) == (2, [])
        with peer.as_user(["realtime.subscribe"], restaurant_id=new_id()):
            assert (await refused(source.GetSnapshot(ask), PermissionDenied)).reason == "OTHER_RESTAURANT"
            foreign = await source.GetSnapshot(channel_source_api.GetSnapshotRequest(channel="staff"))
        assert (foreign.seq, list(foreign.staff.timecards)) == (0, [])


async def test_the_schema_is_what_the_tables_say_and_can_be_taken_back(
    module_databases: ModuleDatabases,
) -> None:
    owner_url = await module_databases.owner_url("staff")
    assert await schema_differences("staff", owner_url) == []
    await revert_migrations("staff", owner_url)
    await run_migrations("staff", owner_url)
    assert await schema_differences("staff", owner_url) == []
