"""What happened to a line since it was sold, and what is wanted of one."""

from typing import NamedTuple

from fynlo.orders.v1 import lines_pb2, orders_pb2
from fynlo.orders.v1 import lines_service_pb2 as lines_api

from chassis.errors import InvalidArgument
from chassis.instants import instant_of, timestamp
from services.orders.domain.moved import MovedFrom, MovedTo
from services.orders.domain.order.line import Edit
from services.orders.domain.order.order import NEVER_CHANGED, Line, LineAdded, LineChanged, LineVoid
from services.orders.domain.override import SaleOverride
from services.orders.wire.actor import actor_message, actor_of
from services.orders.wire.transfer import moved_from_of, moved_to_of, write_moves


def override_message(override: SaleOverride) -> lines_pb2.SaleOverride:
    """Why a line was sold although it was not on sale."""
    return lines_pb2.SaleOverride(
        reason=override.reason,
        by=None if override.by is None else actor_message(override.by),
        approved_by=None if override.approved_by is None else actor_message(override.approved_by),
    )


def override_of(message: orders_pb2.OrderLine) -> SaleOverride | None:
    """The way back; None where the line was on sale."""
    if not message.HasField("override"):
        return None
    found = message.override
    return SaleOverride(
        found.reason,
        actor_of(found.by) if found.HasField("by") else None,
        actor_of(found.approved_by) if found.HasField("approved_by") else None,
    )


class Life(NamedTuple):
    """What happened to a line: nothing, mostly."""

    voids: tuple[LineVoid, ...]
    added: LineAdded | None
    changed: LineChanged
    moved_to: MovedTo | None
    moved_from: MovedFrom | None


def edit_of(request: lines_api.ChangeLineRequest) -> Edit:
    """What is wanted of a line. Raises InvalidArgument (INVALID_TEXT)."""
    refuse_unstorable(request.note, request.course)
    return Edit(
        quantity=request.quantity if request.HasField("quantity") else None,
        note=request.note if request.HasField("note") else None,
        seat=request.seat if request.HasField("seat") else None,
        course=request.course if request.HasField("course") else None,
        base_version=request.base_version,
    )


def refuse_unstorable(*texts: str) -> None:
    """Raises InvalidArgument (INVALID_TEXT): a message would hold it; no column for a search ever could."""
    if any("\0" in text for text in texts):
        raise InvalidArgument("A text holds a character that cannot be stored.", reason="INVALID_TEXT")


def write_life(line: Line, message: orders_pb2.OrderLine) -> None:
    """Puts it into the line's message."""
    for void in line.voids:
        message.voids.append(_void_message(void))
    if line.added is not None:
        message.added.MergeFrom(lines_pb2.LineAdded(version=line.added.version, at=timestamp(line.added.at)))
    if line.changed != NEVER_CHANGED:
        changed = line.changed
        message.changed.MergeFrom(
            lines_pb2.LineFieldVersions(
                quantity=changed.quantity, note=changed.note, seat=changed.seat, course=changed.course
            )
        )
    write_moves(line, message)


def life_of(message: orders_pb2.OrderLine) -> Life:
    """What the line's message says."""
    return Life(
        voids=tuple(_void_of(void) for void in message.voids) if message.voids else (),
        added=_added_of(message.added) if message.HasField("added") else None,
        changed=_changed_of(message.changed) if message.HasField("changed") else NEVER_CHANGED,
        moved_to=moved_to_of(message),
        moved_from=moved_from_of(message),
    )


def _added_of(message: lines_pb2.LineAdded) -> LineAdded:
    return LineAdded(message.version, instant_of(message.at, "added.at"))


def _changed_of(message: lines_pb2.LineFieldVersions) -> LineChanged:
    return LineChanged(message.quantity, message.note, message.seat, message.course)


def _void_message(void: LineVoid) -> lines_pb2.LineVoid:
    return lines_pb2.LineVoid(
        quantity=void.quantity,
        gross_minor=void.gross_minor,
        reason=void.reason,
        voided_by=actor_message(void.by),
        approved_by=None if void.approved_by is None else actor_message(void.approved_by),
        voided_at=timestamp(void.at),
        wasted=void.wasted,
    )


def _void_of(message: lines_pb2.LineVoid) -> LineVoid:
    return LineVoid(
        quantity=message.quantity,
        gross_minor=message.gross_minor,
        reason=message.reason,
        by=actor_of(message.voided_by),
        approved_by=actor_of(message.approved_by) if message.HasField("approved_by") else None,
        at=instant_of(message.voided_at, "voided_at"),
        wasted=message.wasted,
    )
