"""A pull subscription that notices when nothing comes any more.

nats-py's own ``fetch`` neither tells a silent server from an idle stream nor keeps a request open without
delay. Here one request with heartbeats is always open: silence longer than two heartbeats, a reconnect, or a
consumer that is gone make a new one, and the consumer is made again first.

Each message that comes by itself costs server and client a turn of their own, which is most of what it costs.
Where nobody waits for a message, a request takes all that is there and ends, and the next one comes a while
later (``spacing_seconds``): a message after a quiet time comes at once, those after it come together.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import nats.errors
import structlog
from nats.aio.client import Client as NatsClient
from nats.aio.msg import Msg

from chassis.messaging.bus import api_prefix_of
from chassis.process.cancellation import stop_if_cancelled

BATCH_MESSAGES = 64
EXPIRES_SECONDS = 30.0
HEARTBEAT_SECONDS = 5.0
SILENCE_SECONDS = 12.0
TICK_SECONDS = 0.25
RETRY_SECONDS = 0.5

_HEARTBEAT = "100"
_NANOSECONDS = 1_000_000_000

_log = structlog.get_logger(__name__)


class PullLoop:
    """Messages of one durable consumer. ``ensure`` makes stream and consumer where they are missing."""

    def __init__(
        self,
        nats: NatsClient,
        stream: str,
        durable: str,
        ensure: Callable[[], Awaitable[None]],
        spacing_seconds: float = 0.0,
    ) -> None:
        self._nats = nats
        self._durable = durable
        self._ensure = ensure
        self._subject = f"{api_prefix_of(nats)}.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._spacing_seconds = spacing_seconds
        self._not_before = 0.0
        self._asked = 0
        self._heard_at = 0.0
        self._reconnects = -1

    async def messages(self, in_hand: Callable[[], int]) -> AsyncIterator[Msg]:
        """Messages, for ever. Asks for more only while fewer than half of BATCH_MESSAGES are ``in_hand``."""
        inbox = self._nats.new_inbox()
        # Bounded by what is asked for: the server sends no more than the open requests allow.
        arrived: asyncio.Queue[Msg] = asyncio.Queue()
        subscription = await self._nats.subscribe(inbox, cb=arrived.put)
        try:
            while True:
                stop_if_cancelled()
                try:
                    await self._keep_asking(inbox, in_hand())
                except (OSError, nats.errors.Error) as error:
                    _log.warning("pull_interrupted", consumer=self._durable, error=repr(error))
                    self._reconnects = -1
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                msg = await self._next(arrived)
                if msg is None:
                    continue
                self._heard_at = time.monotonic()
                if self._is_event(msg):
                    self._asked = max(0, self._asked - 1)
                    yield msg
        finally:
            if self._nats.is_connected:
                await subscription.unsubscribe()

    async def _next(self, arrived: asyncio.Queue[Msg]) -> Msg | None:
        """None: it is time to look whether to ask."""
        if not arrived.empty():
            return arrived.get_nowait()
        rest = self._not_before - time.monotonic()
        try:
            async with asyncio.timeout(min(rest, TICK_SECONDS) if rest > 0 else TICK_SECONDS):
                return await arrived.get()
        except TimeoutError:
            return None

    async def _keep_asking(self, inbox: str, in_hand: int) -> None:
        if not self._nats.is_connected:
            self._heard_at = time.monotonic()
            return
        reconnects = self._nats.stats["reconnects"]
        silent = time.monotonic() - self._heard_at > SILENCE_SECONDS
        if reconnects != self._reconnects or silent:
            if silent and self._heard_at:
                _log.warning("pull_silent", consumer=self._durable)
            await self._ensure()
            self._asked, self._reconnects, self._heard_at = 0, reconnects, time.monotonic()
        if self._asked + in_hand <= BATCH_MESSAGES // 2 and time.monotonic() >= self._not_before:
            wanted = BATCH_MESSAGES - self._asked - in_hand
            request = {
                "batch": wanted,
                "expires": int(EXPIRES_SECONDS * _NANOSECONDS),
                "idle_heartbeat": int(HEARTBEAT_SECONDS * _NANOSECONDS),
                # Waits for the first message, and ends when there is none left.
                "no_wait": self._spacing_seconds > 0,
            }
            await self._nats.publish(self._subject, json.dumps(request).encode(), reply=inbox)
            self._asked += wanted

    def _is_event(self, msg: Msg) -> bool:
        """False for the server's own words: heartbeat, end of a request, consumer gone."""
        status = (msg.headers or {}).get("Status")
        if status is None:
            return True
        if status == _HEARTBEAT:
            return False
        unfilled = int((msg.headers or {}).get("Nats-Pending-Messages", self._asked))
        self._asked = max(0, self._asked - unfilled)
        self._not_before = time.monotonic() + self._spacing_seconds
        if status not in ("404", "408"):
            _log.warning("pull_ended", consumer=self._durable, status=status, headers=dict(msg.headers or {}))
            self._reconnects = -1
        return False
