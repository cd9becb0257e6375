"""How orders came to their states: a row for each command, written together with its order."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from chassis.db import Record, Transaction
from services.orders.domain.order.order import Actor, StateChange

HISTORY_LIMIT = 1_000
# A row is one change at least.
FIND_HISTORY = f"""
SELECT * FROM order_history WHERE restaurant_id = $1 AND order_id = $2 ORDER BY sequence LIMIT {HISTORY_LIMIT}
"""  # noqa: S608


async def find_history(tx: Transaction, order_id: UUID) -> list[StateChange]:
    """Oldest first, at most HISTORY_LIMIT."""
    found = await tx.fetch(FIND_HISTORY, tx.tenant, order_id)
    return [change for row in found for change in _state_changes_in(row)][:HISTORY_LIMIT]


def history_values(history: Sequence[StateChange]) -> list[Any]:
    """The columns of what one command did; the sequence is that of its first change, 0 where none is."""
    if not history:
        return [0, [], "", "", "", "", None, None, ""]
    first = history[0]
    return [
        first.sequence,
        [[change.axis, change.from_value, change.to_value] for change in history],
        first.command_id,
        first.actor.user_id,
        first.actor.name,
        first.actor.device_id,
        first.occurred_at,
        first.recorded_at,
        first.reason,
    ]


def _state_changes_in(row: Record) -> list[StateChange]:
    actor = Actor(row["actor_id"], row["actor_name"], row["device_id"])
    return [
        StateChange(
            sequence=row["sequence"] + index,
            axis=axis,
            from_value=from_value,
            to_value=to_value,
            command_id=row["command_id"],
            actor=actor,
            occurred_at=row["occurred_at"],
            recorded_at=row["recorded_at"],
            reason=row["reason"],
        )
        for index, (axis, from_value, to_value) in enumerate(row["moved"])
    ]
