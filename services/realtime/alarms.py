"""Did the kitchen see it? A ticket that no display of its station confirms becomes an alarm at the till.
Sans-I/O.

Un-acknowledged 5 s by every connected display of its station, or no display connected for 30 s: it is
reported to the orders service, once per revision. When a display confirms it after all, that is reported too,
and its alarm ends. What has been reported is known from the events of the orders service, so that a new
process does not begin again. Displays and their acknowledgements are shared between the pods.

Of several pods one reports: of an unseen ticket the one to which its restaurant falls among those that are
there, of a confirmed one the pod of the display. The others stand in where its event does not come in time.
"""

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import orders_pb2
from google.protobuf.message import DecodeError

from services.realtime.frames import Event
from services.realtime.hub.session import Session
from services.realtime.hub.wheel import Wheel
from services.realtime.tickets import tickets_of

NOT_CONFIRMED_SECONDS: Final = 5.0
NO_DISPLAY_SECONDS: Final = 30.0
REPORT_AGAIN_SECONDS: Final = 5.0
LOOK_AGAIN_SECONDS: Final = 1.0
REPORTS_AT_ONCE: Final = 1_000
"""Tickets of one tick; whoever sends the reports does so in batches."""
WATCHED_MAX: Final = 100_000
ANNOUNCE_SECONDS: Final = 5.0
FORGET_SECONDS: Final = 15.0
"""A display of another pod that was not announced for this long is gone with its pod."""

STAND_IN_SECONDS: Final = 15.0
"""So much later another pod reports what the one whose turn it was has not; events take a second or two."""
REPORT_PAUSE_SECONDS: Final = 5.0
"""Between reports of unseen tickets of a restaurant: the first is told at once, what follows it together."""

NOT_CONFIRMED: Final = "not_confirmed"
NO_DISPLAY: Final = "no_display"
CONFIRMED: Final = "confirmed"

RAISED: Final = orders_events.TicketUndelivered.DESCRIPTOR.full_name
CLEARED: Final = orders_events.TicketAlarmCleared.DESCRIPTOR.full_name

Notice = dict[str, Any]
"""What pods tell each other: {"pod", "rid", "display", "stations", "e", "s", "up"}; each says of its pod that
it is there, and one without a restaurant nothing else.
"""


@dataclass(slots=True)
class Display:
    """A kitchen display that follows the kitchen channel somewhere."""

    restaurant_id: str
    stations: tuple[str, ...]
    epoch: str
    acked: int
    joined_at: float
    seen_at: float
    """Infinite for one of this pod: it is gone when it says so."""

    def shows(self, station_id: str) -> bool:
        """Whether tickets of the station appear on it; one that names no station shows all."""
        return not self.stations or station_id in self.stations


@dataclass(slots=True, eq=False)
class Watch:
    """A ticket that waits to be confirmed."""

    restaurant_id: str
    ticket_id: str
    revision: int
    station_id: str
    epoch: str
    seq: int
    at: float
    stood_in: bool = False
    """It is another pod's to report, which has had its time for it."""
    reporting: bool = False
    reported: bool = False
    """This revision is an alarm at the tills, or was one."""
    in_alarm: bool = False
    """Some revision of the ticket is an alarm at the tills."""
    over: bool = False
    confirmed: bool = False
    """A display has it."""


@dataclass(frozen=True, slots=True)
class Report:
    """A ticket that nobody confirmed in time, and why; or (CONFIRMED) one in alarm that is confirmed now."""

    watch: Watch = field(repr=False)
    cause: str


class KitchenAlarms:
    """See the module. Implements the hub's ``KitchenWatch``. Times are monotonic seconds."""

    def __init__(self, pod: str, now: float) -> None:
        self._pod = pod
        self._started_at = self._now = self._announced_at = now
        self._watched: dict[str, dict[str, Watch]] = {}
        self._count = 0
        self._due: Wheel[Watch] = Wheel(now)
        self._displays: dict[str, dict[str, Display]] = {}
        self.notices: list[Notice] = []
        """For the other pods; whoever runs this sends and clears them."""
        self._confirmed: dict[tuple[str, str], tuple[Watch, float]] = {}
        """By restaurant and ticket: what has to be reported as confirmed, and when."""
        self._pods: dict[str, float] = {}
        """The others, and when each was heard last."""
        self._told_at: dict[str, float] = {}
        """By restaurant: when it was reported of last."""

    def __len__(self) -> int:
        return self._count

    def waiting(self, restaurant_id: str) -> int:
        """How many tickets of a restaurant wait to be confirmed."""
        return len(self._watched.get(restaurant_id, ()))

    # --- tickets ------------------------------------------------------------------------------------------

    def published(self, event: Event, epoch: str, seq: int, now: float, age_seconds: float) -> None:
        """The next event of a kitchen channel: watches its new tickets, lets go of those that were seen."""
        for ticket in tickets_of(event):
            self._ticket(event.restaurant_id, ticket, epoch, seq, now - age_seconds)

    def _ticket(self, restaurant_id: str, ticket: orders_pb2.Ticket, epoch: str, seq: int, at: float) -> None:
        known = self._watched.get(restaurant_id, {}).get(ticket.id)
        if known is not None and known.revision > ticket.revision:
            return
        waiting = ticket.state == orders_pb2.KITCHEN_STATE_QUEUED and not ticket.HasField("acknowledged_at")
        before = known
        if known is not None and (not waiting or known.revision < ticket.revision):
            self._let_go(known)
            known = None
        if known is not None and not known.epoch:
            # Known from its alarm alone: now also by its place.
            known.epoch, known.seq = epoch, seq
        if waiting and known is None and self._count < WATCHED_MAX:
            at = max(at, self._started_at)
            watch = Watch(restaurant_id, ticket.id, ticket.revision, ticket.station_id, epoch, seq, at)
            watch.in_alarm = before is not None and before.in_alarm
            self._watch(watch)
            self._due.add(watch, at + NOT_CONFIRMED_SECONDS)

    def _watch(self, watch: Watch) -> None:
        self._watched.setdefault(watch.restaurant_id, {})[watch.ticket_id] = watch
        self._count += 1

    # --- alarms -------------------------------------------------------------------------------------------

    def told(self, event: Event) -> None:
        """An event of another channel: an alarm that the tills have been told of, or that is over, counts."""
        try:
            if event.type == RAISED:
                self._raised(event.restaurant_id, orders_events.TicketUndelivered.FromString(event.payload))
            elif event.type == CLEARED:
                cleared = orders_events.TicketAlarmCleared.FromString(event.payload)
                self._cleared(event.restaurant_id, cleared.ticket)
        except DecodeError:
            return

    def _raised(self, restaurant_id: str, told: orders_events.TicketUndelivered) -> None:
        """It is not reported again."""
        ticket = told.ticket
        known = self._watched.get(restaurant_id, {}).get(ticket.id)
        if known is not None and known.revision > ticket.revision:
            known.in_alarm = True
            return
        if known is not None and known.revision < ticket.revision:
            self._let_go(known)
            known = None
        if known is None:
            if self._count >= WATCHED_MAX:
                return
            epoch, seq = told.kitchen_epoch, told.kitchen_seq
            station = ticket.station_id
            known = Watch(restaurant_id, ticket.id, ticket.revision, station, epoch, seq, self._now)
            self._watch(known)
        known.reported = known.in_alarm = True

    def _cleared(self, restaurant_id: str, ticket: orders_pb2.Ticket) -> None:
        """A revision whose alarm is over is not reported again."""
        confirmed, _ = self._confirmed.get((restaurant_id, ticket.id), (None, 0.0))
        if confirmed is not None and confirmed.revision <= ticket.revision:
            del self._confirmed[restaurant_id, ticket.id]
        known = self._watched.get(restaurant_id, {}).get(ticket.id)
        if known is None:
            return
        known.in_alarm = False
        if known.revision <= ticket.revision:
            self._let_go(known)

    # --- what was seen ------------------------------------------------------------------------------------

    def _let_go(self, watch: Watch) -> None:
        watch.over = True
        tickets = self._watched[watch.restaurant_id]
        del tickets[watch.ticket_id]
        self._count -= 1
        if not tickets:
            del self._watched[watch.restaurant_id]

    def _confirm(self, restaurant_id: str, report_at: float) -> None:
        """Lets go of what the restaurant's displays have acknowledged; ends of alarms are reported then."""
        for watch in list(self._watched.get(restaurant_id, {}).values()):
            if any(_has(display, watch) for display in self._shown_by(watch)):
                self._let_go(watch)
                watch.confirmed = True
                if watch.in_alarm:
                    self._end(watch, report_at)

    def _end(self, watch: Watch, report_at: float) -> None:
        self._confirmed[watch.restaurant_id, watch.ticket_id] = watch, report_at

    # --- displays of this pod -------------------------------------------------------------------------------

    def display_joined(self, session: Session) -> None:
        """A display of this pod follows its kitchen."""
        assert session.identity is not None
        restaurant_id = session.identity.restaurant_id
        displays = self._displays.setdefault(restaurant_id, {})
        name = self._name(session)
        if name not in displays:
            displays[name] = Display(restaurant_id, session.stations, "", -1, self._now, float("inf"))
            self._tell(name, displays[name])

    def display_left(self, session: Session) -> None:
        """It is gone."""
        name = self._name(session)
        for displays in self._displays.values():
            left = displays.pop(name, None)
            if left is not None:
                self._tell(name, left, up=False)

    def acknowledged(self, session: Session, epoch: str, seq: int) -> None:
        """It has stored everything up to ``seq``."""
        assert session.identity is not None
        display = self._displays.get(session.identity.restaurant_id, {}).get(self._name(session))
        if display is not None and (display.epoch != epoch or seq > display.acked):
            display.epoch, display.acked = epoch, seq
            self._tell(self._name(session), display)
            self._confirm(display.restaurant_id, self._now)

    def _name(self, session: Session) -> str:
        return f"{self._pod}/{session.number}"

    # --- the other pods -----------------------------------------------------------------------------------

    def _tell(self, name: str, display: Display, *, up: bool = True) -> None:
        self.notices.append(
            {
                "pod": self._pod,
                "rid": display.restaurant_id,
                "display": name,
                "stations": list(display.stations),
                "e": display.epoch,
                "s": display.acked,
                "up": up,
            }
        )

    def heard(self, notice: Notice, now: float) -> None:
        """A notice of another pod. Raises KeyError or TypeError for something else."""
        if notice["pod"] == self._pod:
            return
        self._pods[str(notice["pod"])] = now
        if not notice["rid"]:
            return
        displays = self._displays.setdefault(str(notice["rid"]), {})
        name = str(notice["display"])
        if not notice["up"]:
            displays.pop(name, None)
            return
        joined_at = displays[name].joined_at if name in displays else now
        stations = tuple(str(station) for station in notice["stations"])
        epoch, acked = str(notice["e"]), int(notice["s"])
        displays[name] = Display(str(notice["rid"]), stations, epoch, acked, joined_at, now)
        self._confirm(str(notice["rid"]), now + STAND_IN_SECONDS)

    # --- time ---------------------------------------------------------------------------------------------

    def tick(self, now: float) -> list[Report]:
        """What has to be reported now. Call it about every half second."""
        self._now = now
        if now - self._announced_at >= ANNOUNCE_SECONDS:
            self._announced_at = now
            self._announce(now)
        confirmed = [watch for watch, at in self._confirmed.values() if at <= now]
        for watch in confirmed:
            del self._confirmed[watch.restaurant_id, watch.ticket_id]
        reports = [Report(watch, CONFIRMED) for watch in confirmed]
        for watch in self._due.due(now):
            if watch.over or watch.reporting or watch.reported:
                continue
            cause = self._cause(watch, now)
            if cause is None or len(reports) >= REPORTS_AT_ONCE:
                self._due.add(watch, now + LOOK_AGAIN_SECONDS)
                if cause is not None:
                    # What found no room comes next, without a pause.
                    self._told_at.pop(watch.restaurant_id, None)
            elif not watch.stood_in and not self._is_mine(watch.restaurant_id):
                watch.stood_in = True
                self._due.add(watch, now + STAND_IN_SECONDS)
            elif (
                (told_at := self._told_at.get(watch.restaurant_id, now))
                < now
                < told_at + REPORT_PAUSE_SECONDS
            ):
                self._due.add(watch, told_at + REPORT_PAUSE_SECONDS)
            else:
                self._told_at[watch.restaurant_id] = now
                watch.reporting = True
                reports.append(Report(watch, cause))
        return reports

    def reported(self, report: Report) -> None:
        """The report got through. A ticket in alarm is watched until somebody has seen it."""
        watch = report.watch
        if report.cause == CONFIRMED:
            return
        watch.reporting, watch.reported, watch.in_alarm = False, True, True
        if watch.over and watch.confirmed:
            # It was seen while the report was on its way: the alarm that it raised has to end.
            self._end(watch, self._now)

    def not_reported(self, report: Report) -> None:
        """The report did not get through: it is made again a little later."""
        if report.cause == CONFIRMED:
            self._end(report.watch, self._now)
            return
        report.watch.reporting = False
        self._due.add(report.watch, self._now + REPORT_AGAIN_SECONDS)

    def _is_mine(self, restaurant_id: str) -> bool:
        """Whether unseen tickets of the restaurant are this pod's to report: it has the highest draw of those
        that are there, so that a pod that goes or comes moves its own restaurants alone.
        """
        return all(_draw(self._pod, restaurant_id) >= _draw(pod, restaurant_id) for pod in self._pods)

    def _shown_by(self, watch: Watch) -> list[Display]:
        displays = self._displays.get(watch.restaurant_id, {}).values()
        return [display for display in displays if display.shows(watch.station_id)]

    def _cause(self, watch: Watch, now: float) -> str | None:
        shown_by = self._shown_by(watch)
        if not shown_by:
            return NO_DISPLAY if now - watch.at >= NO_DISPLAY_SECONDS else None
        since = max(watch.at, min(display.joined_at for display in shown_by))
        return NOT_CONFIRMED if now - since >= NOT_CONFIRMED_SECONDS else None

    def _announce(self, now: float) -> None:
        self._pods = {pod: seen_at for pod, seen_at in self._pods.items() if seen_at >= now - FORGET_SECONDS}
        self._told_at = {rid: at for rid, at in self._told_at.items() if at > now - REPORT_PAUSE_SECONDS}
        # As a display that is gone, of no restaurant: what an older pod reads without effect.
        self._tell(self._pod, Display("", (), "", -1, now, now), up=False)
        for restaurant_id in list(self._displays):
            displays = self._displays[restaurant_id]
            for name, display in list(displays.items()):
                if display.seen_at < now - FORGET_SECONDS:
                    del displays[name]
                elif display.seen_at == float("inf"):
                    self._tell(name, display)
            if not displays:
                del self._displays[restaurant_id]


def _draw(pod: str, restaurant_id: str) -> bytes:
    return blake2b(f"{pod}/{restaurant_id}".encode(), digest_size=8).digest()


def _has(display: Display, watch: Watch) -> bool:
    """Whether it has stored the position at which the ticket was told."""
    return bool(watch.epoch) and display.epoch == watch.epoch and display.acked >= watch.seq
