"""Whether a request may begin, before anything else is known of it: whose it is, and how many run.

Nothing here asks anybody: a flood must cost less to refuse than to send. So the limit of an address holds for
each gateway on its own; what people and restaurants may ask for is counted over all gateways, later.
"""

import time

from starlette.types import Message, Receive

from chassis.errors import Unavailable
from chassis.rpc.client_address import Networks, bucket_of, bucket_of_peer, client_of
from chassis.telemetry import counter, gauge
from gateway.limits import Limit, LocalGcra, refusal_of

_running = gauge("gateway_requests_running", "Requests that this gateway is working on")
_full = counter("gateway_requests_refused_total", "Requests refused because too many were running")


class Admission:
    """Counts requests, not connections. A request that waits for the rest of its body is not running."""

    def __init__(self, *, address: Limit, requests: int, trusted: Networks = ()) -> None:
        self._limit = address
        self._requests = requests
        self._trusted = trusted
        self._gcra = LocalGcra()
        self._count = 0
        # Read when somebody asks: a gauge that is set takes a lock four times in a request.
        _running.set_function(lambda: self._count)

    def address_of(self, peer: str, forwarded: list[str]) -> str:
        """The key that a client is limited by; ``forwarded``: its lines of X-Forwarded-For."""
        if not forwarded:
            return bucket_of_peer(peer)
        return bucket_of(client_of(peer, forwarded, self._trusted))

    def check(self, address: str) -> None:
        """One request of ``address``. Raises ResourceExhausted (RATE_LIMITED) or Unavailable
        (SERVICE_UNAVAILABLE) with the wait.
        """
        wait, _ = self._gcra.take([(self._limit, address)], time.monotonic())
        if wait > 0:
            raise refusal_of(self._limit, wait)
        if self._count >= self._requests:
            _full.inc()
            raise Unavailable("too many requests are being served", reason="SERVICE_UNAVAILABLE")

    def begin(self) -> None:
        """A request runs."""
        self._count += 1

    def end(self) -> None:
        """It does not run any more."""
        self._count -= 1

    def reading(self, receive: Receive) -> Receive:
        """``receive`` of a running request, which does not run while it waits for its client."""

        async def received() -> Message:
            self.end()
            try:
                return await receive()
            finally:
                self.begin()

        return received
