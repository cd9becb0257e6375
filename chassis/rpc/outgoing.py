"""One call to a peer, from what it takes along to what comes back."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any, Generic, TypeVar

import grpc
from opentelemetry.trace import Span, SpanKind

from chassis.auth import ServiceIdentity
from chassis.auth.service_identity import HEADER, TENANT_HEADER, SignedCall
from chassis.db import in_transaction
from chassis.errors import Unavailable
from chassis.rpc.admission import AUTHORIZATION, BEARER, REQUEST_ID, TRACEPARENT
from chassis.rpc.call import HOP_SECONDS, Call, current_call, remaining_seconds
from chassis.rpc.guard import REPLAYED
from chassis.rpc.policy import Access, access_of
from chassis.rpc.status import DEADLINE_EXCEEDED, problem_of
from chassis.telemetry import Trace, current_scope, histogram, new_trace, start_span, trace_of

_T = TypeVar("_T")
_seconds = histogram("rpc_client_seconds", "Calls made, by outcome", ["service", "method", "code"])


class CallInsideTransaction(RuntimeError):
    """A mistake in the code: rows would stay locked while the network is waited for."""


class Departure:
    """What one call takes along."""

    __slots__ = ("metadata", "span", "started", "timeout")

    def __init__(
        self, timeout: float | None, metadata: tuple[tuple[str, str], ...], span: Span | None
    ) -> None:
        self.started = time.perf_counter()
        self.timeout = timeout
        self.metadata = metadata
        self.span = span


class Outgoing:
    """The calls of one method."""

    def __init__(self, method: str, peer: str, identity: ServiceIdentity) -> None:
        self.peer = peer
        self._identity = identity
        self._path = method
        _, self._service, self._method = method.split("/")
        access = access_of(self._service, self._method)
        self._public = access is Access.PUBLIC
        self._service_only = access is Access.SERVICE_ONLY
        self._observe: dict[str, Callable[[float], None]] = {}

    def departure(self, timeout: float | None) -> Departure:
        """Raises Unavailable (DEADLINE_EXCEEDED) where nothing is left of the caller's own deadline, and
        CallInsideTransaction."""
        if in_transaction():
            raise CallInsideTransaction(f"{self._service}/{self._method} is called inside a transaction")
        remaining = remaining_seconds()
        if remaining is not None and remaining != float("inf"):
            timeout = remaining - HOP_SECONDS if timeout is None else min(timeout, remaining - HOP_SECONDS)
            if timeout <= 0:
                raise Unavailable(
                    "no time left for this call", reason=DEADLINE_EXCEEDED, metadata={"service": self.peer}
                )
        scope = current_scope()
        trace = scope.trace if scope is not None else new_trace()
        span = start_span(f"{self._service}/{self._method}", trace, SpanKind.CLIENT)
        return Departure(timeout, self._metadata(trace if span is None else trace_of(span)), span)

    def ended(self, departure: Departure, code: str) -> None:
        """Notes the outcome."""
        observe = self._observe.get(code)
        if observe is None:
            observe = self._observe[code] = _seconds.labels(self._service, self._method, code).observe
        observe(time.perf_counter() - departure.started)
        if departure.span is not None:
            departure.span.set_attribute("rpc.grpc.status_code", code)
            departure.span.end()

    def _metadata(self, trace: Trace) -> tuple[tuple[str, str], ...]:
        call = current_call()
        always: tuple[tuple[str, str], ...] = ((TRACEPARENT, trace.traceparent),)
        if call is not None and call.request_id:
            always = (*always, (REQUEST_ID, call.request_id))
        if call is not None and call.token:
            always = (*always, (AUTHORIZATION, BEARER + call.token))
            # Who forwards it makes no difference then, so there is nothing to sign.
            return (*always, *self._as_ourselves("")) if self._service_only else always
        if self._public:
            return always
        return (*always, *self._as_ourselves("" if call is None else _tenant_of(call)))

    def _as_ourselves(self, tenant: str) -> tuple[tuple[str, str], ...]:
        header = self._identity.header(SignedCall(self.peer, self._path, tenant))
        return ((HEADER, header), (TENANT_HEADER, tenant)) if tenant else ((HEADER, header),)


def _tenant_of(call: Call) -> str:
    """The restaurant this service acts for: named by its own work, or by the service that called it."""
    return call.tenant or ("" if call.principal is None else call.principal.restaurant)


class Reply(Generic[_T]):
    """A unary call under way. Awaiting it, once or often, gives the reply or raises the peer's problem."""

    __slots__ = ("_call", "_noted", "_outgoing", "_ticket")

    def __init__(self, call: Any, outgoing: Outgoing, departure: Departure) -> None:
        self._call = call
        self._outgoing = outgoing
        self._ticket = departure
        self._noted = False

    def __await__(self) -> Generator[Any, None, _T]:
        return self._finish().__await__()

    def cancel(self) -> bool:
        """Gives the call up. False where it has ended already."""
        cancelled: bool = self._call.cancel()
        return cancelled

    async def replayed(self) -> bool:
        """See ``was_replayed``."""
        return REPLAYED[0] in tuple(await self._call.trailing_metadata())

    async def _finish(self) -> _T:
        code = "OK"
        try:
            reply: _T = await self._call
        except grpc.aio.AioRpcError as error:
            code = error.code().name
            raise problem_of(error, self._outgoing.peer) from error
        except asyncio.CancelledError:
            code = "CANCELLED"
            raise
        finally:
            if not self._noted:
                self._noted = True
                self._outgoing.ended(self._ticket, code)
        return reply


class Replies(Generic[_T]):
    """A stream of replies under way. Iterating raises the peer's problem where the stream ends by one."""

    __slots__ = ("_call", "_outgoing", "_ticket")

    def __init__(self, call: Any, outgoing: Outgoing, departure: Departure) -> None:
        self._call = call
        self._outgoing = outgoing
        self._ticket = departure

    def cancel(self) -> bool:
        """Gives the stream up. False where it has ended already."""
        cancelled: bool = self._call.cancel()
        return cancelled

    async def __aiter__(self) -> AsyncIterator[_T]:
        code = "CANCELLED"
        try:
            async for reply in self._call:
                yield reply
            code = "OK"
        except grpc.aio.AioRpcError as error:
            code = error.code().name
            raise problem_of(error, self._outgoing.peer) from error
        finally:
            self._call.cancel()
            self._outgoing.ended(self._ticket, code)
