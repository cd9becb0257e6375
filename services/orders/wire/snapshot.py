"""What a channel begins with, as large as a message may be."""

from collections.abc import Iterable
from typing import TypeVar

from fynlo.realtime.v1 import channel_source_service_pb2 as channel_source_api
from google.protobuf.message import Message

from services.orders.domain.day import DayFigures
from services.orders.domain.snapshot import FloorState, KitchenState, OrdersState, PrintingState, Snapshot
from services.orders.wire.alarm import alarm_message
from services.orders.wire.day import metrics_message
from services.orders.wire.order import order_message
from services.orders.wire.print_job import print_job_message
from services.orders.wire.printer import printer_message
from services.orders.wire.section import section_message
from services.orders.wire.station import station_message
from services.orders.wire.table import table_message
from services.orders.wire.ticket import ticket_message
from services.orders.wire.unrouted import unrouted_message

SNAPSHOT_BYTES = 3 * 1024 * 1024
"""A message of gRPC may be 4 MiB. A channel's newest are what a device cannot do without."""
ENTRY_BYTES = 8
"""What an entry of a list costs beside its content."""

M = TypeVar("M", bound=Message)


def snapshot_message(of: Snapshot) -> channel_source_api.GetSnapshotResponse:
    """State and position of a channel."""
    answer = channel_source_api.GetSnapshotResponse(epoch=of.epoch, seq=of.seq)
    match of.state:
        case OrdersState(alarms, orders, unrouted):
            answer.orders.SetInParent()  # also where nothing is in it
            room = _Room(SNAPSHOT_BYTES)
            answer.orders.unrouted.extend(room.for_newest(unrouted_message(one) for one in unrouted))
            answer.orders.alarms.extend(room.for_newest(alarm_message(one) for one in alarms))
            answer.orders.orders.extend(room.for_newest(order_message(one) for one in orders))
        case KitchenState(stations, tickets):
            shown = [station_message(station) for station in stations]
            room = _Room(SNAPSHOT_BYTES - sum(station.ByteSize() for station in shown))
            answer.kitchen.SetInParent()
            answer.kitchen.stations.extend(shown)
            answer.kitchen.tickets.extend(room.for_newest(ticket_message(ticket) for ticket in tickets))
        case DayFigures():
            answer.metrics.metrics.CopyFrom(metrics_message(of.state))
        case FloorState(tables, sections):
            answer.floor.SetInParent()
            answer.floor.floor_tables.extend(table_message(table) for table in tables)
            answer.floor.sections.extend(section_message(section) for section in sections)
        case PrintingState(printers, jobs):
            answer.printing.SetInParent()
            answer.printing.printers.extend(printer_message(printer) for printer in printers)
            answer.printing.jobs.extend(print_job_message(job) for job in jobs)
    return answer


class _Room:
    """Keeps an answer below its size: what comes first has room, the rest is left out."""

    def __init__(self, size: int) -> None:
        self._left = size

    def for_newest(self, messages: Iterable[M]) -> list[M]:
        """The first of ``messages`` that there is room for."""
        taken = []
        for message in messages:
            self._left -= message.ByteSize() + ENTRY_BYTES
            if self._left < 0:
                break
            taken.append(message)
        return taken
