"""A ticket that no display confirms becomes an alarm; one that is seen does not. Sans-I/O."""

from typing import Any
from uuid import UUID

import pytest
from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2
from google.protobuf.message import Message

from services.realtime.alarms import (
    CONFIRMED,
    NO_DISPLAY,
    NO_DISPLAY_SECONDS,
    NOT_CONFIRMED,
    REPORT_PAUSE_SECONDS,
    REPORTS_AT_ONCE,
    KitchenAlarms,
    Report,
    Watch,
)
from services.realtime.frames import Event
from services.realtime.hub.session import Identity, Session
from services.realtime.reports import batches_of
from services.realtime.tests.world import RID, START, FakeWire, World

RAISED_BY = orders_events.OrderPlaced.DESCRIPTOR.full_name
QUEUED, PREPARING = orders_pb2.KITCHEN_STATE_QUEUED, orders_pb2.KITCHEN_STATE_PREPARING


class Pod:
    """The alarms of one process and its clock."""

    def __init__(self, name: str = "a") -> None:
        self.now = 100.0
        self.alarms = KitchenAlarms(name, self.now)
        self.seq = 0

    def publish(self, message: Message) -> None:
        self.seq += 1
        name = message.DESCRIPTOR.full_name
        event = Event(name, message.SerializeToString(), RID, "m", "", int(self.now * 1000))
        self.alarms.published(event, "e1", self.seq, self.now, 0.0)

    def fire(self, station: str = "grill", ticket_id: str = "k1") -> None:
        ticket = orders_pb2.Ticket(id=ticket_id, station_id=station, revision=1, state=QUEUED)
        self.publish(orders_events.OrderPlaced(order=orders_pb2.Order(id="o1"), tickets=[ticket]))

    def told(self, message: Message) -> None:
        """The orders service tells the tills."""
        name = message.DESCRIPTOR.full_name
        self.alarms.told(Event(name, message.SerializeToString(), RID, "m", "", int(self.now * 1000)))

    def raised(self, ticket_id: str = "k1", revision: int = 1, seq: int = 1) -> None:
        ticket = orders_pb2.Ticket(id=ticket_id, station_id="grill", revision=revision, state=QUEUED)
        self.told(orders_events.TicketUndelivered(ticket=ticket, kitchen_epoch="e1", kitchen_seq=seq))

    def display(self, number: int = 1, *stations: str) -> Session:
        session = Session(FakeWire(World()), number, "", False, self.now)
        session.identity = Identity(UUID(int=1), None, RID, "d", False, "kds", START, frozenset())
        session.kds, session.stations = True, stations
        self.alarms.tick(self.now)
        self.alarms.display_joined(session)
        return session

    def after(self, seconds: float) -> list[tuple[str, str]]:
        """Alarms until then: (ticket, cause)."""
        found: list[tuple[str, str]] = []
        until = self.now + seconds
        while self.now < until:
            self.now += 0.5
            for report in self.alarms.tick(self.now):
                self.alarms.reported(report)
                found.append((report.watch.ticket_id, report.cause))
        return found


def test_without_a_display_the_alarm_comes_after_30_seconds() -> None:
    pod = Pod()
    pod.fire()
    assert pod.after(29) == []
    assert pod.after(2) == [("k1", NO_DISPLAY)]
    assert pod.after(300) == []


def test_an_unconfirmed_ticket_is_an_alarm_after_5_seconds() -> None:
    pod = Pod()
    pod.display()
    pod.fire()
    assert pod.after(4.5) == []
    assert pod.after(1) == [("k1", NOT_CONFIRMED)]


def test_one_displays_confirmation_is_enough() -> None:
    pod = Pod()
    first, _ = pod.display(1), pod.display(2)
    pod.fire()
    pod.alarms.acknowledged(first, "e1", 1)
    assert pod.after(60) == []
    assert len(pod.alarms) == 0


@pytest.mark.parametrize(("epoch", "seq"), [("e0", 1), ("e1", 0)])
def test_an_older_acknowledgement_or_epoch_confirms_nothing(epoch: str, seq: int) -> None:
    pod = Pod()
    session = pod.display()
    pod.fire()
    pod.alarms.acknowledged(session, epoch, seq)
    assert pod.after(11) == [("k1", NOT_CONFIRMED)]


def test_a_display_of_another_station_does_not_count() -> None:
    pod = Pod()
    bar = pod.display(1, "bar")
    pod.fire("grill")
    pod.alarms.acknowledged(bar, "e1", 1)
    assert pod.after(29) == []
    assert pod.after(2) == [("k1", NO_DISPLAY)]


def test_a_display_that_comes_late_gets_its_five_seconds() -> None:
    pod = Pod()
    pod.fire()
    assert pod.after(25) == []
    session = pod.display()
    assert pod.after(4) == []
    pod.alarms.acknowledged(session, "e1", 1)
    assert pod.after(60) == []


def test_when_the_display_goes_the_clock_of_no_display_counts() -> None:
    pod = Pod()
    session = pod.display()
    pod.fire()
    pod.after(4)
    pod.alarms.display_left(session)
    assert pod.after(25) == []
    assert pod.after(2) == [("k1", NO_DISPLAY)]


@pytest.mark.parametrize("change", [{"state": PREPARING}, {"acknowledged": True}])
def test_a_ticket_that_was_touched_is_not_watched_any_more(change: dict[str, Any]) -> None:
    pod = Pod()
    pod.fire()
    ticket = orders_pb2.Ticket(id="k1", station_id="grill", revision=2, state=change.get("state", QUEUED))
    if "acknowledged" in change:
        ticket.acknowledged_at.GetCurrentTime()
    pod.publish(orders_events.TicketUpdated(ticket=ticket))
    assert pod.after(60) == []


def test_a_new_revision_is_watched_anew() -> None:
    pod = Pod()
    session = pod.display()
    pod.fire()
    pod.alarms.acknowledged(session, "e1", 1)
    pod.after(20)
    again = orders_pb2.Ticket(id="k1", station_id="grill", revision=2, state=QUEUED)
    pod.publish(orders_events.TicketUpdated(ticket=again))
    assert pod.after(11) == [("k1", NOT_CONFIRMED)]


def test_a_report_that_did_not_get_through_is_made_again() -> None:
    pod = Pod()
    pod.fire()
    pod.after(29)
    pod.now += 1.5
    [report] = pod.alarms.tick(pod.now)
    pod.alarms.not_reported(report)
    assert pod.after(3) == []
    assert pod.after(3) == [("k1", NO_DISPLAY)]


def test_what_a_display_confirms_after_its_alarm_is_reported_as_confirmed() -> None:
    pod = Pod()
    session = pod.display()
    pod.fire()
    assert pod.after(11) == [("k1", NOT_CONFIRMED)]
    pod.alarms.acknowledged(session, "e1", 1)
    assert pod.after(1) == [("k1", CONFIRMED)]
    assert pod.after(60) == []
    assert len(pod.alarms) == 0


def test_a_display_that_comes_with_the_ticket_ends_its_alarm() -> None:
    pod = Pod()
    pod.fire()
    assert pod.after(31) == [("k1", NO_DISPLAY)]
    late = pod.display()
    assert pod.after(5) == []
    pod.alarms.acknowledged(late, "e1", 1)
    assert pod.after(1) == [("k1", CONFIRMED)]


def test_a_confirmation_while_the_report_is_on_its_way_ends_the_alarm_that_it_raises() -> None:
    pod = Pod()
    session = pod.display()
    pod.fire()
    pod.now += 11
    [report] = pod.alarms.tick(pod.now)
    pod.alarms.acknowledged(session, "e1", 1)
    pod.alarms.reported(report)
    assert pod.after(1) == [("k1", CONFIRMED)]


def test_a_new_process_does_not_report_what_the_tills_know_and_hears_who_confirms_it() -> None:
    pod = Pod("new")
    pod.raised("k1", seq=7)
    pod.raised("k2", seq=8)
    assert pod.after(120) == []
    session = pod.display()
    pod.alarms.acknowledged(session, "e1", 7)
    assert pod.after(1) == [("k1", CONFIRMED)]


@pytest.mark.parametrize("before", [True, False], ids=["told-first", "fired-first"])
def test_a_revision_is_reported_once_in_whatever_order_its_events_come(before: bool) -> None:
    pod = Pod()
    for step in (pod.raised, pod.fire) if before else (pod.fire, pod.raised):
        step()
    assert pod.after(120) == []
    assert len(pod.alarms) == 1


def test_an_alarm_that_is_over_is_not_raised_again_for_its_revision() -> None:
    pod = Pod()
    pod.fire()
    pod.raised()
    cleared = orders_pb2.Ticket(id="k1", station_id="grill", revision=1, state=QUEUED)
    pod.told(orders_events.TicketAlarmCleared(ticket=cleared, cause="acknowledged"))
    assert pod.after(120) == []
    assert len(pod.alarms) == 0


def test_a_ticket_that_grows_in_alarm_ends_it_when_the_new_revision_is_confirmed() -> None:
    pod = Pod()
    session = pod.display()
    pod.fire()
    assert pod.after(11) == [("k1", NOT_CONFIRMED)]
    grown = orders_pb2.Ticket(id="k1", station_id="grill", revision=2, state=QUEUED)
    pod.publish(orders_events.TicketUpdated(ticket=grown))
    pod.alarms.acknowledged(session, "e1", 1)
    assert pod.after(4) == []
    pod.alarms.acknowledged(session, "e1", 2)
    assert pod.after(1) == [("k1", CONFIRMED)]


def test_a_ticket_that_went_to_another_station_is_confirmed_by_a_display_there_alone() -> None:
    pod = Pod()
    grill, elsewhere = pod.display(1, "grill"), pod.display(2, "pass")
    pod.fire("grill")
    assert pod.after(6) == [("k1", NOT_CONFIRMED)]
    there = orders_pb2.Ticket(
        id="k1", station_id="pass", revision=2, state=QUEUED, rerouted_from_station_id="grill"
    )
    pod.publish(orders_events.TicketUpdated(ticket=there))
    pod.alarms.acknowledged(grill, "e1", 2)
    assert pod.after(4) == []
    pod.alarms.acknowledged(elsewhere, "e1", 2)
    assert pod.after(1) == [("k1", CONFIRMED)]


def test_a_confirmation_that_did_not_get_through_is_reported_again() -> None:
    pod = Pod()
    pod.raised(seq=1)
    pod.alarms.acknowledged(pod.display(), "e1", 1)
    [report] = pod.alarms.tick(pod.now + 1)
    assert report.cause == CONFIRMED
    pod.alarms.not_reported(report)
    assert pod.after(1) == [("k1", CONFIRMED)]


def test_reports_are_made_in_batches_of_one_restaurant_each() -> None:
    def watch(number: int, restaurant: str) -> Watch:
        return Watch(restaurant, f"k{number}", 1, "grill", "e1", number, 0.0)

    reports = [Report(watch(number, f"r{number % 2}"), NO_DISPLAY) for number in range(500)]
    reports += [Report(watch(number, "r1"), CONFIRMED) for number in range(3)]
    batches = batches_of(reports)
    assert [len(batch) for batch in batches] == [100, 100, 50, 100, 100, 50, 3]
    for batch in batches:
        assert len({(report.watch.restaurant_id, report.cause) for report in batch}) == 1
    assert {id(report) for batch in batches for report in batch} == {id(report) for report in reports}


def test_displays_and_acknowledgements_of_other_pods_count() -> None:
    here, there = Pod("a"), Pod("b")
    session = there.display()
    here.fire()
    there.fire()
    there.alarms.acknowledged(session, "e1", 1)
    for notice in there.alarms.notices:
        here.alarms.heard(notice, here.now)
    assert here.after(14) == []
    assert len(here.alarms) == 0


def test_a_pod_that_died_takes_its_displays_with_it() -> None:
    here, there = Pod("a"), Pod("b")
    there.display()
    for notice in there.alarms.notices:
        here.alarms.heard(notice, here.now)
    here.after(21)
    here.fire()
    assert here.after(29) == []
    assert here.after(2) == [("k1", NO_DISPLAY)]


def test_a_display_that_left_elsewhere_is_gone_here() -> None:
    here, there = Pod("a"), Pod("b")
    there.alarms.display_left(there.display())
    for notice in there.alarms.notices:
        here.alarms.heard(notice, here.now)
    here.fire()
    assert here.after(29) == []


def test_displays_are_announced_again_and_again() -> None:
    pod = Pod()
    pod.display()
    pod.alarms.notices.clear()
    pod.after(11)
    assert [notice["up"] for notice in pod.alarms.notices if notice["rid"]] == [True, True]
    assert all(notice["pod"] == "a" for notice in pod.alarms.notices)


def test_old_tickets_that_a_new_process_reads_back_get_their_time_first() -> None:
    pod = Pod()
    ticket = orders_pb2.Ticket(id="k1", station_id="grill", revision=1, state=QUEUED)
    message = orders_events.OrderPlaced(order=orders_pb2.Order(id="o1"), tickets=[ticket])
    name = message.DESCRIPTOR.full_name
    event = Event(name, message.SerializeToString(), RID, "m", "", int((pod.now - 120) * 1000))
    pod.alarms.published(event, "e1", 1, pod.now, 120.0)
    assert pod.after(29) == []
    assert pod.after(2) == [("k1", NO_DISPLAY)]


def test_events_without_tickets_or_without_the_kitchen_are_not_watched() -> None:
    pod = Pod()
    pod.publish(orders_events.KitchenOrderReady(order=orders_pb2.Order(id="o1")))
    pod.publish(orders_events.OrderPlaced(order=orders_pb2.Order(id="o1")))
    assert len(pod.alarms) == 0


def test_unseen_tickets_that_follow_one_another_are_reported_together_and_the_first_at_once() -> None:
    """A ticket every half second for a minute, as a busy restaurant without a display fires them."""
    pod = Pod()
    calls: list[list[str]] = []
    for number in range(120):
        pod.fire(ticket_id=f"k{number}")
        pod.now += 0.5
        if reports := pod.alarms.tick(pod.now):
            calls.append([report.watch.ticket_id for report in reports])
            for report in reports:
                pod.alarms.reported(report)
    assert calls[0] == ["k0"]
    told = [ticket for call in calls for ticket in call]
    assert len(told) == len(set(told))
    in_time = 120 - 2 * int(NO_DISPLAY_SECONDS + REPORT_PAUSE_SECONDS + 1)
    assert {f"k{number}" for number in range(in_time)} <= set(told)
    assert len(calls) <= 1 + 120 / 2 / REPORT_PAUSE_SECONDS


def test_more_unseen_tickets_than_one_turn_takes_follow_without_a_pause() -> None:
    pod = Pod()
    for number in range(2 * REPORTS_AT_ONCE + 1):
        pod.fire(ticket_id=f"k{number}")
    assert pod.after(29.5) == []
    assert len(pod.after(REPORT_PAUSE_SECONDS - 1)) == 2 * REPORTS_AT_ONCE + 1


class Pods:
    """Two processes side by side, with what they tell each other and what the orders service tells both."""

    def __init__(self) -> None:
        self.pods = [Pod("a"), Pod("b")]
        self.made: list[tuple[str, str]] = []
        """Reports that the orders service got, in order: (ticket, cause)."""
        self.deaf = False
        """Orders takes reports, and its events do not come."""

    def hear(self) -> None:
        here, there = self.pods
        for teller, hearer in ((here, there), (there, here)):
            for notice in teller.alarms.notices:
                hearer.alarms.heard(notice, hearer.now)
        for pod in self.pods:
            pod.alarms.notices.clear()

    def pass_time(self, seconds: float, *, alive: tuple[int, ...] = (0, 1)) -> None:
        for _ in range(int(seconds * 2)):
            told: list[Report] = []
            if alive == (0, 1):
                self.hear()
            for number, pod in enumerate(self.pods):
                pod.now += 0.5
                if number not in alive:
                    continue
                for report in pod.alarms.tick(pod.now):
                    self.made.append((report.watch.ticket_id, report.cause))
                    pod.alarms.reported(report)
                    told.append(report)
            # Only now: events come after both have had their turn.
            for report in [] if self.deaf else told:
                self._tell(report)

    def _tell(self, report: Report) -> None:
        watch = report.watch
        for pod in self.pods:
            if report.cause == CONFIRMED:
                ticket = orders_pb2.Ticket(id=watch.ticket_id, revision=watch.revision)
                pod.told(orders_events.TicketAlarmCleared(ticket=ticket))
            else:
                pod.raised(watch.ticket_id, watch.revision, watch.seq)

    def fire(self, count: int) -> set[str]:
        names = {f"k{number}" for number in range(count)}
        for pod in self.pods:
            for name in sorted(names):
                pod.fire(ticket_id=name)
        return names


def test_of_two_pods_one_reports_and_the_other_stands_by() -> None:
    pods = Pods()
    pods.pass_time(6)
    tickets = pods.fire(50)
    pods.pass_time(60)
    assert sorted(pods.made) == sorted((ticket, NO_DISPLAY) for ticket in tickets)


def test_what_a_pod_that_died_has_not_reported_the_other_does() -> None:
    for survivor in (0, 1):
        pods = Pods()
        pods.pass_time(6)
        tickets = pods.fire(3)
        pods.pass_time(25)
        pods.pass_time(30, alive=(survivor,))
        assert sorted(pods.made) == sorted((ticket, NO_DISPLAY) for ticket in tickets)


def test_a_restaurant_falls_to_one_pod_and_restaurants_to_both() -> None:
    pods = Pods()
    pods.pass_time(6)
    placed = orders_events.OrderPlaced(
        tickets=[orders_pb2.Ticket(id="k", station_id="grill", revision=1, state=QUEUED)]
    )
    for pod in pods.pods:
        for number in range(100):
            event = Event(RAISED_BY, placed.SerializeToString(), f"r{number}", "m", "", 0)
            pod.alarms.published(event, "e1", 1, pod.now, 0.0)
    pods.pass_time(29)
    shares: list[set[str]] = []
    for pod in pods.pods:
        pod.now += 2
        shares.append({report.watch.restaurant_id for report in pod.alarms.tick(pod.now)})
    assert len(shares[0] | shares[1]) == 100
    assert not shares[0] & shares[1]
    assert min(map(len, shares)) > 20


@pytest.mark.parametrize("deaf", [False, True], ids=["told", "events lost"])
def test_a_confirmation_is_reported_by_the_pod_of_the_display_and_by_another_where_nothing_comes(
    *, deaf: bool
) -> None:
    pods = Pods()
    here, _ = pods.pods
    session = here.display()
    pods.pass_time(6)
    pods.fire(1)
    pods.pass_time(20)
    assert pods.made == [("k0", NOT_CONFIRMED)]
    pods.deaf = deaf
    here.alarms.acknowledged(session, "e1", 1)
    pods.pass_time(30)
    assert pods.made[1:] == [("k0", CONFIRMED)] * (2 if deaf else 1)
