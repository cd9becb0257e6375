"""What the orders service is told of tickets that nobody has seen: in batches, a restaurant each."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from fynlo.orders.v1.orders_service_pb2 import (
    DeliveredTicket,
    ReportDeliveredRequest,
    ReportUndeliveredRequest,
    UndeliveredTicket,
)
from nats.aio.client import Client as NatsClient

from chassis.clock import Clock
from services.realtime.alarms import CLEARED, CONFIRMED, RAISED, KitchenAlarms, Report
from services.realtime.feed import read_stream

REPORT_TICKETS_MAX: Final = 100
"""The contract's limit of a request."""
REMEMBERED_SECONDS: Final = 24 * 3600.0
REMEMBERED_MAX: Final = 20_000


def batches_of(reports: Iterable[Report]) -> list[list[Report]]:
    """Unseen and confirmed ones apart, each batch of one restaurant and at most REPORT_TICKETS_MAX."""
    groups: dict[tuple[str, bool], list[Report]] = {}
    for report in reports:
        groups.setdefault((report.watch.restaurant_id, report.cause == CONFIRMED), []).append(report)
    return [
        group[first : first + REPORT_TICKETS_MAX]
        for group in groups.values()
        for first in range(0, len(group), REPORT_TICKETS_MAX)
    ]


def undelivered(batch: list[Report]) -> ReportUndeliveredRequest:
    """The request for a batch of unseen ones."""
    tickets = [
        UndeliveredTicket(
            ticket_id=report.watch.ticket_id,
            revision=report.watch.revision,
            cause=report.cause,
            kitchen_epoch=report.watch.epoch,
            kitchen_seq=report.watch.seq,
        )
        for report in batch
    ]
    return ReportUndeliveredRequest(restaurant_id=batch[0].watch.restaurant_id, tickets=tickets)


def delivered(batch: list[Report]) -> ReportDeliveredRequest:
    """The request for a batch of confirmed ones."""
    tickets = [
        DeliveredTicket(ticket_id=report.watch.ticket_id, revision=report.watch.revision) for report in batch
    ]
    return ReportDeliveredRequest(restaurant_id=batch[0].watch.restaurant_id, tickets=tickets)


async def remember_alarms(client: NatsClient, alarms: KitchenAlarms, clock: Clock) -> None:
    """Brings to a new process the alarms that stand, from the stream of the last day, beginnings before ends.

    An end names the revision that it ends, so that a later alarm of the ticket stays. Raises nats errors.
    """
    since = clock.now() - timedelta(seconds=REMEMBERED_SECONDS)
    for kind in (RAISED, CLEARED):
        async for event, _ in read_stream(client, since, subject=f"{kind}.*", limit=REMEMBERED_MAX):
            alarms.told(event)
