"""Who stands behind lines that are sold although they are not on sale."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from services.orders.domain.approval import Authority, second_person
from services.orders.domain.order.order import Actor, Line

OFF_SALE = "off_sale"
"""Why such a line needs an approval; ``metadata["cause"]`` of the refusal."""


def approved(
    lines: Sequence[Line], authority: Authority, by: Actor, before: Mapping[UUID, Line] | None = None
) -> tuple[Line, ...]:
    """The lines with who sold and who approved those that are not on sale. What was approved ``before``, in
    the draft that is placed, stays so.

    Raises ApprovalNeeded, ApprovalInvalid.
    """
    return tuple(
        line if line.override is None else _approved(line, authority, by, (before or {}).get(line.id))
        for line in lines
    )


def _approved(line: Line, authority: Authority, by: Actor, before: Line | None) -> Line:
    assert line.override is not None
    if before is not None and before.override is not None:
        return replace(line, override=before.override)
    approver = second_person(authority, OFF_SALE, f"{line.name} is not on sale now.")
    return replace(line, override=replace(line.override, by=by, approved_by=approver))
