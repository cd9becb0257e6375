"""What stands around every method of a servicer: scope, admission, contract rules, problems, metrics."""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, NoReturn, TypeAlias, cast

import grpc
from opentelemetry.trace import Span, SpanKind

from chassis.errors import Kind, Problem, Unavailable
from chassis.rpc.admission import REQUEST_ID, TRACEPARENT, Admission, bearer_of
from chassis.rpc.call import Call, enter_call, safe_request_id
from chassis.rpc.policy import MethodPolicy
from chassis.rpc.refusals import Refusals, asker_of
from chassis.rpc.status import DEADLINE_EXCEEDED, DETAIL_MAX_CHARS, DETAILS_KEY, code_of, details_of
from chassis.rpc.validation import check
from chassis.telemetry import (
    Scope,
    enter_scope,
    get_logger,
    histogram,
    new_trace,
    parse_traceparent,
    start_span,
    trace_of,
)

UNARY_MAX_SECONDS = 10.0
"""For a caller that sets no deadline."""
SLOW_SECONDS = 0.5
REPLAYED = (("fynlo-replayed", "true"),)

# Generic in the type stubs only.
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Context = grpc.aio.ServicerContext[Any, Any]
Metadata = Mapping[str, str | bytes]

_log = get_logger("rpc")
_seconds = histogram("rpc_server_seconds", "Calls served, by outcome", ["service", "method", "code"])
_WORTH_A_LINE = {Kind.UNAUTHENTICATED, Kind.PERMISSION_DENIED, Kind.UNAVAILABLE, Kind.RESOURCE_EXHAUSTED}


class Guard:
    """The guard of one method."""

    def __init__(
        self, service: str, method: str, policy: MethodPolicy, admission: Admission, refusals: Refusals
    ) -> None:
        self._service = service
        self._method = method
        self._policy = policy
        self._admission = admission
        self._refusals = refusals
        self._observe: dict[str, Callable[[float], None]] = {}

    def around(self, handler: Handler) -> Handler:
        """The same handler, guarded."""
        codecs = handler.request_deserializer, handler.response_serializer
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                cast(Any, self._stream(handler.unary_stream)), *codecs
            )
        return grpc.unary_unary_rpc_method_handler(cast(Any, self._unary(handler.unary_unary)), *codecs)

    def _unary(self, behaviour: Any) -> Callable[[Any, Context], Awaitable[Any]]:
        if not inspect.iscoroutinefunction(behaviour):
            return self._unimplemented()

        async def serve(request: Any, context: Context) -> Any:
            visit = _Visit(context)
            try:
                await self._admit(visit, request)
                if visit.unlimited:
                    async with asyncio.timeout(UNARY_MAX_SECONDS):
                        reply = await behaviour(request, context)
                else:
                    reply = await behaviour(request, context)
                if visit.call.replayed:
                    context.set_trailing_metadata(REPLAYED)
            except BaseException as error:
                problem = self._problem(visit, error)
            else:
                self._end(visit, "OK")
                return reply
            return await _refuse(context, problem)

        return serve

    def _stream(self, behaviour: Any) -> Callable[[Any, Context], AsyncIterator[Any]]:
        if not inspect.isasyncgenfunction(behaviour):
            raise TypeError(f"{self._service}/{self._method} must be an async generator")

        async def serve(request: Any, context: Context) -> AsyncIterator[Any]:
            visit = _Visit(context)
            if visit.unlimited:
                visit.call.deadline = float("inf")
            try:
                await self._admit(visit, request)
                async with aclosing(behaviour(request, context)) as replies:
                    async for reply in replies:
                        self._admission.renewed(visit.call)
                        yield reply
            except BaseException as error:
                problem = self._problem(visit, error)
            else:
                self._end(visit, "OK")
                return
            await _refuse(context, problem)

        return serve

    def _unimplemented(self) -> Callable[[Any, Context], Awaitable[Any]]:
        async def serve(_request: Any, context: Context) -> Any:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{self._method} is not implemented")

        return serve

    async def _admit(self, visit: "_Visit", request: Any) -> None:
        visit.enter(f"{self._service}/{self._method}")
        await self._admission.identify(visit.call, visit.metadata, self._policy, f"/{self._name}")
        principal = visit.call.principal
        if principal is not None:
            visit.scope.restaurant_id = principal.restaurant
        self._policy.admit(visit.call)
        visit.admitted = True
        check(request)
        self._admission.confine(visit.call, request)

    def _problem(self, visit: "_Visit", error: BaseException) -> Problem:
        """The problem to answer with. Raises the error again where the call ends by it already."""
        if isinstance(error, Problem):
            problem = error
        elif isinstance(error, TimeoutError) and visit.unlimited:
            problem = Unavailable("no answer in time", reason=DEADLINE_EXCEEDED)
        elif isinstance(error, Exception) and not isinstance(error, grpc.aio.AbortError):
            problem = Problem("something went wrong on our side", reason="INTERNAL")
            _log.error("a call failed unexpectedly", rpc=self._name, exc_info=error)
        else:
            self._end(visit, "CANCELLED" if isinstance(error, asyncio.CancelledError) else "ABORTED")
            raise error
        if problem.kind in _WORTH_A_LINE:
            self._report(visit, problem)
        if problem.kind is Kind.PERMISSION_DENIED or not visit.admitted:
            self._refusals.note(problem, asker_of(visit.call), method=self._name)
        self._end(visit, code_of(problem).name)
        return problem

    @property
    def _name(self) -> str:
        return f"{self._service}/{self._method}"

    def _report(self, visit: "_Visit", problem: Problem) -> None:
        principal = visit.call.principal
        _log.warning(
            "a call was refused",
            rpc=self._name,
            reason=problem.reason,
            detail=problem.detail,
            subject=None if principal is None else str(principal.subject or principal.name),
            device_id=None if principal is None else principal.device_id,
        )

    def _end(self, visit: "_Visit", code: str) -> None:
        seconds = time.perf_counter() - visit.started
        observe = self._observe.get(code)
        if observe is None:
            observe = self._observe[code] = _seconds.labels(self._service, self._method, code).observe
        observe(seconds)
        if seconds > SLOW_SECONDS and not visit.endless:
            _log.warning("a call was slow", rpc=self._name, seconds=round(seconds, 3), code=code)
        if visit.span is not None:
            visit.span.set_attribute("rpc.grpc.status_code", code)
            visit.span.end()


class _Visit:
    """One call as it passes the guard."""

    __slots__ = ("_parent", "admitted", "call", "metadata", "scope", "span", "started", "unlimited")

    def __init__(self, context: Context) -> None:
        self.started = time.perf_counter()
        self.admitted = False
        self.metadata: Metadata = dict(context.invocation_metadata() or ())
        self.span: Span | None = None
        remaining = cast(float | None, context.time_remaining())
        self.unlimited = remaining is None
        seconds = UNARY_MAX_SECONDS if remaining is None else remaining
        self.call = Call(time.monotonic() + seconds)
        traceparent = self.metadata.get(TRACEPARENT)
        self._parent = parse_traceparent(traceparent if isinstance(traceparent, str) else None)
        self.scope = Scope(new_trace() if self._parent is None else self._parent.child())

    @property
    def endless(self) -> bool:
        """A stream without a deadline, which is not slow but long."""
        return self.call.deadline == float("inf")

    def enter(self, name: str) -> None:
        """Opens scope and call for the task that serves it. Raises Unauthenticated for a malformed header."""
        self.span = start_span(name, self._parent or self.scope.trace, SpanKind.SERVER)
        if self.span is not None:
            self.scope.trace = trace_of(self.span)
        given = self.metadata.get(REQUEST_ID)
        self.call.request_id = self.scope.request_id = safe_request_id(given, self.scope.trace.trace_id)
        enter_scope(self.scope)
        enter_call(self.call)
        self.call.token = bearer_of(self.metadata)


async def _refuse(context: Context, problem: Problem) -> NoReturn:
    detail = problem.detail[:DETAIL_MAX_CHARS]
    await context.abort(code_of(problem), detail, ((DETAILS_KEY, details_of(problem)),))
