"""How orders came to their states. It is written together with its order."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from chassis.db import Record, Transaction
from services.orders.domain.order.order import Actor, StateChange
from services.orders.store.line import columns

HISTORY_LIMIT = 1_000
FIND_HISTORY = f"""
SELECT * FROM order_history WHERE restaurant_id = $1 AND order_id = $2 ORDER BY sequence LIMIT {HISTORY_LIMIT}
"""  # noqa: S608


async def find_history(tx: Transaction, order_id: UUID) -> list[StateChange]:
    """Oldest first, at most HISTORY_LIMIT."""
    found = await tx.fetch(FIND_HISTORY, tx.tenant, order_id)
    return [_state_change_in(row) for row in found]


def history_columns(history: Iterable[StateChange]) -> list[list[Any]]:
    """One list per column, for ``unnest``."""
    return columns(
        11,
        (
            (
                row.sequence,
                row.axis,
                row.from_value,
                row.to_value,
                row.command_id,
                row.actor.user_id,
                row.actor.name,
                row.actor.device_id,
                row.occurred_at,
                row.recorded_at,
                row.reason,
            )
            for row in history
        ),
    )


def _state_change_in(row: Record) -> StateChange:
    return StateChange(
        sequence=row["sequence"],
        axis=row["axis"],
        from_value=row["from_value"],
        to_value=row["to_value"],
        command_id=row["command_id"],
        actor=Actor(row["actor_id"], row["actor_name"], row["device_id"]),
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        reason=row["reason"],
    )
