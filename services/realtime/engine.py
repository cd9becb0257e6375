"""Puts the hub to work: carries out its requests, feeds it, keeps its time, and lets it go gently."""

import asyncio
import gc
import math
import random
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import UUID

import nats.errors
import orjson
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg

from chassis.auth import Principal, Revocation, Revocations
from chassis.clock import Clock
from chassis.errors import Problem
from chassis.ids import new_id
from chassis.rpc import Refusals, acting_for
from chassis.telemetry import counter, gauge, get_logger
from services.realtime.alarms import CONFIRMED, KitchenAlarms, Report
from services.realtime.codes import Close
from services.realtime.connection import SocketServer
from services.realtime.frames import Event
from services.realtime.hub.core import Hub
from services.realtime.hub.fetch import Fetch, Fetched
from services.realtime.hub.session import Verify
from services.realtime.hub.wheel import TICK_SECONDS
from services.realtime.limits import CLOSE_SECONDS
from services.realtime.refusals import counted_in
from services.realtime.reports import batches_of, delivered, undelivered
from services.realtime.settings import RealtimeSettings

if TYPE_CHECKING:
    from fynlo.orders.v1.orders_service_pb2_grpc import KitchenServiceAsyncStub

KDS_SUBJECT: Final = "fynlo-kds"
"""Core NATS, between pods: which kitchen displays are there and what they have acknowledged."""
ALARM_TICK_SECONDS: Final = 0.5
FREEZE_SECONDS: Final = 5.0
OVERLOAD_LAG_SECONDS: Final = 1.0
"""The loop is this late: no new sockets until it has caught up."""
REPORT_SECONDS: Final = 2.0
CONCURRENT_REPORTS: Final = 4

DRAIN_PER_SECOND: Final = 0.05
DRAIN_MIN_PER_SECOND: Final = 100
RECONNECTS_PER_SECOND: Final = 300
RECONNECT_SPREAD_MIN_SECONDS: Final = 5.0

_log = get_logger("engine")
_sockets = gauge("realtime_sockets", "Open device sockets")
_channels = gauge("realtime_channels", "Channels in memory")
_ring_bytes = gauge("realtime_ring_bytes", "Bytes in all rings")
_slow = gauge("realtime_slow_sockets", "Sockets whose buffer is full")
_lag = gauge("realtime_loop_lag_seconds", "How late the last tick was")
_delivered = counter("realtime_delivered_total", "Event frames written to sockets")
_closed = counter("realtime_closed_total", "Sockets that the server closed", ["code"])
_undelivered = counter("realtime_undelivered_total", "Tickets reported as unseen by the kitchen", ["cause"])


class Verifier(Protocol):
    """Checks access tokens."""

    async def verify(self, token: str) -> Principal:
        """The principal of a valid token. Raises a Problem."""
        ...


class Engine:
    """See the module. ``kitchen`` is the orders service, which is told of tickets that nobody has seen;
    ``refusals`` counts whom sockets were refused.
    """

    def __init__(
        self,
        settings: RealtimeSettings,
        clock: Clock,
        *,
        bus: NatsClient,
        verifier: Verifier,
        revocations: Revocations,
        fetch: Callable[[Fetch], Awaitable[Fetched]],
        kitchen: "KitchenServiceAsyncStub",
        refusals: Refusals,
    ) -> None:
        loop = asyncio.get_running_loop()
        self._now = loop.time
        self._bus = bus
        self._verifier = verifier
        self._fetch = fetch
        self._kitchen = kitchen
        self._reporting = asyncio.Semaphore(CONCURRENT_REPORTS)
        self._rng = random.Random()  # noqa: S311 - jitter
        self._tasks: set[asyncio.Task[None]] = set()
        pod = str(new_id())
        self.alarms = KitchenAlarms(pod, self._now())
        self.hub = Hub(
            wall=clock.now,
            now=self._now(),
            kitchen=self.alarms,
            rng=self._rng,
            check_revoked=revocations.check,
            refused=counted_in(refusals),
            connections_per_restaurant=settings.connections_per_restaurant,
            preauth_per_address=settings.preauth_per_address,
            accepts_per_address=settings.accepts_per_address,
            connection_prefix=f"c_{pod[-6:]}_",
        )
        self.sockets = SocketServer(self.hub, settings, loop, self.carry_out)
        revocations.listen(self._revoked)

    def _revoked(self, revocation: Revocation) -> None:
        ended = self.hub.revoke(revocation)
        if ended:
            _log.info("sockets closed by a revocation", kind=revocation.kind.value, sockets=ended)

    # --- feed ---------------------------------------------------------------------------------------------

    def take(self, event: Event, positions: list[tuple[str, str, int]]) -> None:
        """An event of the feed."""
        self.hub.publish(event, positions, self._now())
        self.carry_out()

    # --- requests of the hub --------------------------------------------------------------------------------

    def carry_out(self) -> None:
        """Starts what the hub has asked for."""
        requests = self.hub.requests
        while requests:
            request = requests.popleft()
            if isinstance(request, Verify):
                self._spawn(self._verify(request))
            else:
                self._spawn(self._fetch_for(request))
        if self.alarms.notices:
            self._spawn(self._send_notices())

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("work for the hub failed", exc_info=error)

    async def _verify(self, request: Verify) -> None:
        outcome: Principal | Problem
        try:
            outcome = await self._verifier.verify(request.token)
        except Problem as problem:
            outcome = problem
        self.hub.verified(request.session, outcome, self._now())
        self.carry_out()

    async def _fetch_for(self, request: Fetch) -> None:
        found = Fetched(None, 0, [], False)
        try:
            found = await self._fetch(request)
        finally:
            self.hub.fetched(request, found, self._now())
            self.carry_out()

    # --- kitchen displays between pods
    # ------------------------------------------------------------------------

    async def follow_displays(self) -> None:
        """Listens to what the other pods say of their kitchen displays."""
        await self._bus.subscribe(KDS_SUBJECT, cb=self._heard)

    async def _heard(self, message: Msg) -> None:
        try:
            for notice in orjson.loads(message.data):
                self.alarms.heard(notice, self._now())
        except (ValueError, KeyError, TypeError) as error:
            _log.warning("a notice of another pod could not be read", error=repr(error))

    async def _send_notices(self) -> None:
        notices, self.alarms.notices = self.alarms.notices, []
        if not notices:
            return
        try:
            await self._bus.publish(KDS_SUBJECT, orjson.dumps(notices))
        except (nats.errors.Error, OSError) as error:
            # Every display is announced again within seconds.
            _log.warning("kitchen displays could not be announced", error=repr(error))

    # --- time ---------------------------------------------------------------------------------------------

    async def tick_forever(self) -> None:
        """Keeps the hub's time."""
        due, alarms_at, freeze_at, delivered = self._now(), 0.0, 0.0, 0
        while True:
            due = max(due + TICK_SECONDS, self._now())
            await asyncio.sleep(due - self._now())
            now = self._now()
            self.hub.tick(now)
            if now >= alarms_at:
                alarms_at = now + ALARM_TICK_SECONDS
                for batch in batches_of(self.alarms.tick(now)):
                    self._spawn(self._report_batch(batch))
                delivered = self._measure(delivered, now - due)
            if now >= freeze_at:
                freeze_at = now + FREEZE_SECONDS
                _spare_the_collector()
            self.carry_out()

    async def _report_batch(self, batch: list[Report]) -> None:
        """Tells the orders service of a restaurant's tickets: unseen ones, or ones that are confirmed now."""
        first = batch[0].watch
        try:
            async with self._reporting:
                with acting_for(UUID(first.restaurant_id), budget_seconds=REPORT_SECONDS):
                    if batch[0].cause == CONFIRMED:
                        await self._kitchen.ReportDelivered(delivered(batch))
                    else:
                        await self._kitchen.ReportUndelivered(undelivered(batch))
        except Problem as problem:
            for report in batch:
                self.alarms.not_reported(report)
            _log.warning("tickets could not be reported", tickets=len(batch), error=str(problem))
            return
        for report in batch:
            self.alarms.reported(report)
            if report.cause != CONFIRMED:
                _undelivered.labels(report.cause).inc()
        if batch[0].cause != CONFIRMED:
            _log.warning("the kitchen has not seen tickets", tickets=len(batch), first=first.ticket_id)

    def _measure(self, delivered_before: int, late: float) -> int:
        hub = self.hub
        self.sockets.overloaded = late > OVERLOAD_LAG_SECONDS
        _lag.set(late)
        _sockets.set(len(hub.sessions))
        _channels.set(len(hub.channels))
        _slow.set(len(hub.delivery.slow))
        _ring_bytes.set(sum(channel.bytes for channel in hub.channels.values()))
        _delivered.inc(hub.delivery.delivered - delivered_before)
        dropped, hub.dropped = hub.dropped, {}
        for code, count in dropped.items():
            _closed.labels(str(int(code))).inc(count)
        return hub.delivery.delivered

    # --- the end ------------------------------------------------------------------------------------------

    async def drain(self) -> None:
        """Lets the sockets go a few at a time, each with a moment to come back at (elsewhere)."""
        self.sockets.stop_accepting()
        total = len(self.hub.sessions)
        spread = max(RECONNECT_SPREAD_MIN_SECONDS, total / RECONNECTS_PER_SECOND)
        each_tick = math.ceil(max(DRAIN_MIN_PER_SECOND, total * DRAIN_PER_SECOND) * TICK_SECONDS)
        left = list(self.hub.sessions)
        while left:
            for session in left[:each_tick]:
                self.hub.drop(session, Close.DRAIN, int(self._rng.uniform(0, spread) * 1000))
            del left[:each_tick]
            await asyncio.sleep(TICK_SECONDS)
        until = self._now() + CLOSE_SECONDS + 2 * TICK_SECONDS
        while self.hub.sessions and self._now() < until:  # noqa: ASYNC110 - once, over two seconds
            await asyncio.sleep(TICK_SECONDS)

    async def stop(self) -> None:
        """Cuts what is left."""
        for session in list(self.hub.sessions):
            session.wire.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _spare_the_collector() -> None:
    """Takes what has lived for a while out of the collector's sight.

    A full collection over the objects of 10,000 sockets stops everything for a tenth of a second. Sockets,
    sessions and ring entries are freed by reference count alone (a test holds them to it).
    """
    gc.collect(1)
    gc.freeze()
