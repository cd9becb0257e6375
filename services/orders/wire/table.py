"""Tables."""

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import floor_pb2
from fynlo.orders.v1 import floor_service_pb2 as floor_api

from chassis.ids import new_id, parse_id
from chassis.instants import instant_of, timestamp
from services.orders.domain.label import label_of
from services.orders.domain.table import Layout, Reservation, Table
from services.orders.wire import enums


def table_message(table: Table) -> floor_pb2.Table:
    """The whole table, with what goes on at it."""
    layout = table.layout
    return floor_pb2.Table(
        id=str(table.id),
        name=layout.name,
        section_id=str(layout.section_id),
        seats=layout.seats,
        shape=enums.TABLE_SHAPE[layout.shape],
        x=layout.x,
        y=layout.y,
        state=enums.TABLE_STATE[table.state],
        order_ids=[str(one.order_id) for one in table.seated],
        covers=table.covers,
        server_id=table.server_id,
        reservation=_reservation_message(table.reservation),
        version=table.version,
        joined_table_ids=[str(table_id) for table_id in table.joined],
    )


def wanted_table(table: floor_pb2.Table) -> Table:
    """Where it is to stand. Without an id: a new one, version 0. Raises InvalidArgument (INVALID_ID,
    VALIDATION_FAILED)."""
    layout = Layout(
        section_id=parse_id(table.section_id),
        name=label_of(table.name),
        seats=table.seats,
        shape=enums.TABLE_SHAPE_OF[table.shape],
        x=table.x,
        y=table.y,
    )
    return Table(parse_id(table.id) if table.id else new_id(), layout, table.version if table.id else 0)


def wanted_reservation(request: floor_api.ReserveTableRequest) -> Reservation:
    """Raises InvalidArgument (INVALID_TIME, VALIDATION_FAILED)."""
    starts_at = instant_of(request.starts_at, "from")
    return Reservation(starts_at, request.minutes, label_of(request.name))


def table_updated(table: Table) -> orders_events.TableUpdated:
    """A table as it is now."""
    return orders_events.TableUpdated(table=table_message(table))


def table_removed(table: Table) -> orders_events.TableRemoved:
    """There is no such table any more."""
    return orders_events.TableRemoved(table_id=str(table.id), version=table.version + 1)


def _reservation_message(reservation: Reservation | None) -> floor_pb2.Reservation | None:
    if reservation is None:
        return None
    return floor_pb2.Reservation(
        starts_at=timestamp(reservation.starts_at), minutes=reservation.minutes, name=reservation.name
    )
