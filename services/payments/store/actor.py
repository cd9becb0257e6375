"""Who did or approved something, in the columns of a row."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.payments.domain.actor import Actor


def approver_in(row: Mapping[str, Any], of: str = "") -> Actor | None:
    """Who approved what a row tells; None where nobody had to. ``of``: how the names of the columns begin."""
    user_id: UUID | None = row[f"{of}approver_id"]
    return None if user_id is None else Actor(user_id, row[f"{of}approver_name"])
