"""Did the kitchen see it? A ticket that no display of its station confirms becomes an alarm at the till.
Sans-I/O.

Un-acknowledged 10 s by every connected display of its station, or no display connected for 30 s: it is
reported to the orders service, once per revision. Displays and their acknowledgements are shared between
the pods.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from fynlo.orders.v1 import events_pb2, orders_pb2
from google.protobuf.message import DecodeError

from services.realtime.frames import Event
from services.realtime.hub.session import Session

NOT_CONFIRMED_SECONDS: Final = 10.0
NO_DISPLAY_SECONDS: Final = 30.0
REPORT_AGAIN_SECONDS: Final = 5.0
REPORTS_IN_FLIGHT: Final = 64
WATCHED_SECONDS: Final = 600.0
WATCHED_MAX: Final = 100_000
ANNOUNCE_SECONDS: Final = 5.0
FORGET_SECONDS: Final = 15.0
"""A display of another pod that was not announced for this long is gone with its pod."""

NOT_CONFIRMED: Final = "not_confirmed"
NO_DISPLAY: Final = "no_display"

Notice = dict[str, Any]
"""What pods tell each other: {"pod", "rid", "display", "stations", "e", "s", "up"}."""


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


@dataclass(slots=True)
class Watch:
    """A ticket that waits to be confirmed."""

    restaurant_id: str
    ticket_id: str
    revision: int
    station_id: str
    epoch: str
    seq: int
    at: float
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A ticket that nobody confirmed in time, and why."""

    watch: Watch = field(repr=False)
    cause: str


class KitchenAlarms:
    """See the module. Implements the hub's ``KitchenWatch``. Times are monotonic seconds."""

    def __init__(self, pod: str, now: float) -> None:
        self._pod = pod
        self._started_at = self._now = self._announced_at = now
        self._watched: dict[tuple[str, str], Watch] = {}
        self._displays: dict[str, dict[str, Display]] = {}
        self.notices: list[Notice] = []
        """For the other pods; whoever runs this sends and clears them."""

    def __len__(self) -> int:
        return len(self._watched)

    def waiting(self, restaurant_id: str) -> int:
        """How many tickets of a restaurant wait to be confirmed."""
        return sum(1 for key in self._watched if key[0] == restaurant_id)

    # --- tickets ------------------------------------------------------------------------------------------

    def published(
        self, event: Event, positions: list[tuple[str, str, int]], now: float, wall_ms: int
    ) -> None:
        """An event of the feed: watches its new tickets, stops watching those that were seen."""
        for channel, epoch, seq in positions:
            if channel == "kitchen":
                for ticket in tickets_of(event):
                    self._ticket(event, ticket, epoch, seq, now - max(0, wall_ms - event.at_ms) / 1000)

    def _ticket(self, event: Event, ticket: orders_pb2.Ticket, epoch: str, seq: int, at: float) -> None:
        key = (event.restaurant_id, ticket.id)
        known = self._watched.get(key)
        if known is not None and known.revision > ticket.revision:
            return
        waiting = ticket.state == orders_pb2.KITCHEN_STATE_QUEUED and not ticket.HasField("acknowledged_at")
        if not waiting:
            self._watched.pop(key, None)
        elif (known is None or known.revision < ticket.revision) and len(self._watched) < WATCHED_MAX:
            at = max(at, self._started_at)
            self._watched[key] = Watch(
                event.restaurant_id, ticket.id, ticket.revision, ticket.station_id, epoch, seq, at
            )

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
        displays = self._displays.setdefault(str(notice["rid"]), {})
        name = str(notice["display"])
        if not notice["up"]:
            displays.pop(name, None)
            return
        joined_at = displays[name].joined_at if name in displays else now
        stations = tuple(str(station) for station in notice["stations"])
        epoch, acked = str(notice["e"]), int(notice["s"])
        displays[name] = Display(str(notice["rid"]), stations, epoch, acked, joined_at, now)

    # --- time ---------------------------------------------------------------------------------------------

    def tick(self, now: float) -> list[Report]:
        """What has to be reported now. Call it about every half second."""
        self._now = now
        if now - self._announced_at >= ANNOUNCE_SECONDS:
            self._announced_at = now
            self._announce(now)
        reports: list[Report] = []
        for key, watch in list(self._watched.items()):
            if now - watch.at > WATCHED_SECONDS or self._confirmed(watch):
                del self._watched[key]
            elif not watch.reported and len(reports) < REPORTS_IN_FLIGHT:
                cause = self._cause(watch, now)
                if cause is not None:
                    watch.reported = True
                    reports.append(Report(watch, cause))
        return reports

    def not_reported(self, report: Report) -> None:
        """The report did not get through: it is made again a little later."""
        report.watch.reported = False
        report.watch.at += REPORT_AGAIN_SECONDS

    def _shown_by(self, watch: Watch) -> list[Display]:
        displays = self._displays.get(watch.restaurant_id, {}).values()
        return [display for display in displays if display.shows(watch.station_id)]

    def _confirmed(self, watch: Watch) -> bool:
        return any(one.epoch == watch.epoch and one.acked >= watch.seq for one in self._shown_by(watch))

    def _cause(self, watch: Watch, now: float) -> str | None:
        shown_by = self._shown_by(watch)
        if not shown_by:
            return NO_DISPLAY if now - watch.at >= NO_DISPLAY_SECONDS else None
        since = max(watch.at, min(display.joined_at for display in shown_by))
        return NOT_CONFIRMED if now - since >= NOT_CONFIRMED_SECONDS else None

    def _announce(self, now: float) -> None:
        for restaurant_id in list(self._displays):
            displays = self._displays[restaurant_id]
            for name, display in list(displays.items()):
                if display.seen_at < now - FORGET_SECONDS:
                    del displays[name]
                elif display.seen_at == float("inf"):
                    self._tell(name, display)
            if not displays:
                del self._displays[restaurant_id]


def tickets_of(event: Event) -> list[orders_pb2.Ticket]:
    """The tickets that an event brings; none for an event without."""
    kind = _WITH_TICKETS.get(event.type)
    if kind is None:
        return []
    try:
        message: Any = kind.FromString(event.payload)
    except DecodeError:
        return []
    return [message.ticket] if kind is events_pb2.TicketUpdated else list(message.tickets)


_WITH_TICKETS: Final[dict[str, Any]] = {
    kind.DESCRIPTOR.full_name: kind
    for kind in (
        events_pb2.OrderPlaced,
        events_pb2.OrderUpdated,
        events_pb2.OrderPaymentRecorded,
        events_pb2.OrderCancelled,
        events_pb2.TicketUpdated,
    )
}
