"""Till sessions and their drawers."""

from fynlo.payments.v1 import events_pb2 as payments_events
from fynlo.payments.v1 import payments_pb2

from chassis.instants import timestamp
from services.payments.domain.till import DrawerEvent, DrawerKind, TillSession, TillState
from services.payments.wire.actor import actor, optional_actor

_TILL_STATE = {state: payments_pb2.TillState.Value(f"TILL_STATE_{state.name}") for state in TillState}
_DRAWER_OF = {
    payments_pb2.DrawerEventKind.Value(f"DRAWER_EVENT_KIND_{kind.name}"): kind for kind in DrawerKind
}
_DRAWER = {kind: number for number, kind in _DRAWER_OF.items()}


def drawer_kind_in(kind: payments_pb2.DrawerEventKind.ValueType) -> DrawerKind:
    """Why cash moves; requests never carry the unspecified one."""
    return _DRAWER_OF[kind]


def till_session(of: TillSession) -> payments_pb2.TillSession:
    """A till session."""
    return payments_pb2.TillSession(
        id=str(of.id),
        restaurant_id=str(of.restaurant_id),
        till=of.till,
        state=_TILL_STATE[of.state],
        currency_code=of.currency_code,
        business_date=of.business_date.isoformat(),
        opened_at=timestamp(of.opened_at),
        closed_at=timestamp(of.closed_at),
        opening_float_minor=of.opening_float_minor,
        expected_minor=of.expected_minor,
        counted_minor=of.counted_minor,
        variance_minor=of.variance_minor,
        opened_by=actor(of.opened_by),
        closed_by=optional_actor(of.closed_by),
        version=of.version,
    )


def drawer_event(of: DrawerEvent) -> payments_pb2.DrawerEvent:
    """What moved in a drawer."""
    return payments_pb2.DrawerEvent(
        id=str(of.id),
        kind=_DRAWER[of.kind],
        amount_minor=of.amount_minor,
        reason=of.reason,
        created_at=timestamp(of.at),
        actor=actor(of.actor),
        approved_by=optional_actor(of.approved_by),
    )


def till_session_updated(of: TillSession) -> payments_events.TillSessionUpdated:
    """Anything about a session changed; always the whole session with its version."""
    return payments_events.TillSessionUpdated(session=till_session(of))
