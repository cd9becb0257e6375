"""What every service with an inbox answers to the operators of the platform: its parked events."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any

from fynlo.operations.v1 import parked_events_service_pb2 as parked_events_api
from fynlo.operations.v1.parked_events_service_pb2_grpc import (
    ParkedEventsServiceServicer,
    add_ParkedEventsServiceServicer_to_server,
)
from google.protobuf.message import Message

from chassis.db import Transaction
from chassis.db.commands import PlatformCommand, execute, in_words
from chassis.db.idempotency import key_of
from chassis.errors import FieldError, InvalidArgument
from chassis.ids import parse_id
from chassis.instants import timestamp
from chassis.messaging.aside import COUNTED_ROWS
from chassis.messaging.inbox import Consumer
from chassis.messaging.parked_events import (
    ParkedEvent,
    ParkedEventNotFound,
    body_in_words,
    discard,
    error_in_words,
    parked_event,
    parked_page,
    retry,
)
from chassis.process.runtime import Service
from chassis.rpc import RpcServer, current_principal
from chassis.rpc.cursors import BY_TIME_AND_NAME, page_of

_COUNT = "SELECT parked FROM inbox_aside($1, $2)"


def consume(service: Service, rpc: RpcServer, consumer: Consumer) -> None:
    """Has ``service`` handle its events while it runs, and answer for those that it has parked."""
    rpc.add(add_ParkedEventsServiceServicer_to_server, ParkedEventsRpc(consumer))
    service.add_background("consumer", consumer.run)


class ParkedEventsRpc(ParkedEventsServiceServicer):
    """The parked events of one consumer's schema. What is asked for here is tried here at once."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self._db = consumer.db

    async def ListParked(
        self, request: parked_events_api.ListParkedRequest, context: Any
    ) -> parked_events_api.ListParkedResponse:
        # One list is of all services, whichever is asked; those of single ones are others.
        page = page_of(request, BY_TIME_AND_NAME)
        async with self._db.transaction(None, readonly=True) as tx:
            events = await parked_page(tx, page.size, page.after)
            parked = await tx.fetchval(_COUNT, self._consumer.durable, COUNTED_ROWS)
        messages = (self._message(event, page.cursor(event.place)) for event in events)
        return parked_events_api.ListParkedResponse(events=messages, parked=parked)

    async def GetParked(
        self, request: parked_events_api.GetParkedRequest, context: Any
    ) -> parked_events_api.GetParkedResponse:
        event, payload = await parked_event(self._db, parse_id(request.event_id))
        body, cut = body_in_words(event.type, payload)
        return parked_events_api.GetParkedResponse(event=self._message(event), body=body, body_cut=cut)

    async def RetryParked(
        self, request: parked_events_api.RetryParkedRequest, context: Any
    ) -> parked_events_api.RetryParkedResponse:
        async def again(tx: Transaction) -> parked_events_api.RetryParkedResponse:
            ids = [parse_id(request.event_id)] if request.event_id else None
            asked = await retry(tx, ids, event_type=request.type or None)
            if ids is not None and not asked:
                raise ParkedEventNotFound
            tx.after_commit(self._consumer.try_again_now)
            return parked_events_api.RetryParkedResponse(asked=asked)

        answer = in_words(parked_events_api.RetryParkedResponse)
        return await execute(self._db, _command("RetryParked", request), answer, again)

    async def DiscardParked(
        self, request: parked_events_api.DiscardParkedRequest, context: Any
    ) -> parked_events_api.DiscardParkedResponse:
        async def away(tx: Transaction) -> parked_events_api.DiscardParkedResponse:
            reason = request.reason.strip()
            if not reason:
                wrong = FieldError("reason", "REQUIRED", "say why")
                raise InvalidArgument("why?", reason="VALIDATION_FAILED", fields=[wrong])
            if not await discard(tx, [parse_id(request.event_id)], reason):
                raise ParkedEventNotFound
            # Whoever counts what is parked looks again.
            tx.after_commit(self._consumer.try_again_now)
            return parked_events_api.DiscardParkedResponse()

        answer = in_words(parked_events_api.DiscardParkedResponse)
        return await execute(self._db, _command("DiscardParked", request), answer, away)

    def _message(self, event: ParkedEvent, cursor: str = "") -> parked_events_api.ParkedEvent:
        return parked_events_api.ParkedEvent(
            id=str(event.msg_id),
            type=event.type,
            subject=event.subject,
            restaurant_id="" if event.restaurant_id is None else str(event.restaurant_id),
            tries=event.attempts,
            failures=event.failures,
            error=error_in_words(event.error),
            cursor=cursor,
            service=self._consumer.durable,
            parked_at=timestamp(event.parked_at),
        )


def _command(method: str, request: Message) -> PlatformCommand:
    """Parked events are the platform's affair, whatever restaurant an operator is in."""
    return PlatformCommand(key_of(method, request, current_principal()))
