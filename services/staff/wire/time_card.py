"""Time cards in messages and events."""

from uuid import UUID

from fynlo.realtime.v1.channel_source_service_pb2 import GetSnapshotResponse
from fynlo.realtime.v1.realtime_pb2 import StaffState
from fynlo.staff.v1 import events_pb2 as staff_events
from fynlo.staff.v1 import staff_pb2
from fynlo.staff.v1 import staff_service_pb2 as staff_api

from chassis.ids import parse_id
from chassis.instants import instant, timestamp
from services.staff.domain.time_card import CardFilter, OpenCards, Timecard


def filter_of(request: staff_api.ListTimecardsRequest) -> CardFilter:
    """Raises InvalidArgument (INVALID_ID)."""
    return CardFilter(
        employee_id=parse_id(request.employee_id) if request.employee_id else None,
        open_only=request.open_only,
        from_time=instant(request, "from_time"),
        until_time=instant(request, "until_time"),
    )


def card_message(card: Timecard, restaurant_id: UUID) -> staff_pb2.Timecard:
    """A time card."""
    return staff_pb2.Timecard(
        id=str(card.id),
        restaurant_id=str(restaurant_id),
        employee_id=str(card.employee_id),
        employee_name=card.employee_name,
        clocked_in_at=timestamp(card.clocked_in_at),
        clocked_out_at=timestamp(card.clocked_out_at),
        time_zone=card.time_zone,
        worked_minutes=card.worked_minutes,
        flags=card.flags,
        business_date=card.business_date.isoformat(),
        version=card.version,
    )


def snapshot_response(open_cards: OpenCards, restaurant_id: UUID) -> GetSnapshotResponse:
    """What the channel ``staff`` begins with."""
    state = StaffState(timecards=[card_message(card, restaurant_id) for card in open_cards.cards])
    return GetSnapshotResponse(epoch=open_cards.epoch, seq=open_cards.seq, staff=state)


def shift_started(card: Timecard, restaurant_id: UUID) -> staff_events.ShiftStarted:
    """A card was opened."""
    return staff_events.ShiftStarted(timecard=card_message(card, restaurant_id))


def shift_ended(card: Timecard, restaurant_id: UUID) -> staff_events.ShiftEnded:
    """A card was closed, by its worker or because it was forgotten."""
    return staff_events.ShiftEnded(timecard=card_message(card, restaurant_id))
