"""Invitations of the transaction's restaurant."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.db import Record, Transaction
from services.auth.domain.invitation import Invitation, InvitationState
from services.auth.domain.role import Role

SAVE_INVITATION = """
INSERT INTO invitation (id, restaurant_id, email, name, role, state, invited_by, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (id) DO UPDATE SET name = $4, role = $5, invited_by = $7, expires_at = $9
"""
INVITATION_BY_ID = """
SELECT id, restaurant_id, email, name, role, state, invited_by, created_at, expires_at
FROM invitation WHERE id = $1
"""
LOCK_INVITATION = """
SELECT id, restaurant_id, email, name, role, state, invited_by, created_at, expires_at
FROM invitation WHERE id = $1 FOR UPDATE
"""
LOCK_NEWEST_TO = """
SELECT id, restaurant_id, email, name, role, state, invited_by, created_at, expires_at
FROM invitation WHERE restaurant_id = $1 AND email = $2
ORDER BY created_at DESC, id DESC LIMIT 1 FOR UPDATE
"""
LOCK_PENDING_TO = """
SELECT id, restaurant_id, email, name, role, state, invited_by, created_at, expires_at
FROM invitation WHERE restaurant_id = $1 AND email = $2 AND state = 'pending' FOR UPDATE
"""
COUNT_PENDING = """
SELECT count(*) FROM invitation WHERE restaurant_id = $1 AND state = 'pending' AND expires_at > $2
"""
SETTLE = "UPDATE invitation SET state = $2, settled_at = $3, accepted_by = $4 WHERE id = $1"
LOCK_PENDING_BY = """
SELECT id FROM invitation
WHERE restaurant_id = $1 AND invited_by = $2 AND state = 'pending' AND role = ANY ($3)
ORDER BY id FOR UPDATE
"""
INVITATIONS = """
SELECT id, restaurant_id, email, name, role, state, invited_by, created_at, expires_at
FROM invitation WHERE restaurant_id = $1
ORDER BY created_at DESC, id DESC LIMIT $2
"""
INVITATIONS_AFTER = """
SELECT id, restaurant_id, email, name, role, state, invited_by, created_at, expires_at
FROM invitation
WHERE restaurant_id = $1
    AND (created_at, id) < (SELECT seen.created_at, seen.id FROM invitation seen WHERE seen.id = $3)
ORDER BY created_at DESC, id DESC LIMIT $2
"""
SWEEP_INVITATIONS = "SELECT sweep_invitations($1, $2)"


async def save_invitation(tx: Transaction, invitation: Invitation) -> None:
    """A new one, or the renewed one of that id."""
    i = invitation
    await tx.execute(
        SAVE_INVITATION,
        *(i.id, i.restaurant_id, i.email, i.name, i.role.value, i.stored_state.value),
        *(i.invited_by, i.created_at, i.expires_at),
    )


async def invitation_by_id(tx: Transaction, invitation_id: UUID) -> Invitation | None:
    """None where there is none or the transaction may not see it."""
    return _found(await tx.fetchrow(INVITATION_BY_ID, invitation_id))


async def lock_invitation(tx: Transaction, invitation_id: UUID) -> Invitation | None:
    """The same; whoever else settles it waits."""
    return _found(await tx.fetchrow(LOCK_INVITATION, invitation_id))


async def lock_newest_to(tx: Transaction, email: str) -> Invitation | None:
    """The last invitation to an address."""
    return _found(await tx.fetchrow(LOCK_NEWEST_TO, tx.tenant, email))


async def lock_pending_to(tx: Transaction, email: str) -> Invitation | None:
    """The one invitation to an address that waits."""
    return _found(await tx.fetchrow(LOCK_PENDING_TO, tx.tenant, email))


async def count_pending(tx: Transaction, now: datetime) -> int:
    """Those that can be accepted now."""
    count: int = await tx.fetchval(COUNT_PENDING, tx.tenant, now)
    return count


async def settle(
    tx: Transaction, invitation_id: UUID, state: InvitationState, now: datetime, by: UUID | None = None
) -> None:
    """Accepted by a user, or revoked."""
    await tx.execute(SETTLE, invitation_id, state.value, now, by)


async def lock_pending_by(tx: Transaction, inviter: UUID, roles: Sequence[Role]) -> list[UUID]:
    """Pending invitations to one of ``roles`` that a person has made."""
    rows = await tx.fetch(LOCK_PENDING_BY, tx.tenant, inviter, [role.value for role in roles])
    return [row["id"] for row in rows]


async def invitations(tx: Transaction, *, limit: int, after: UUID | None) -> list[Invitation]:
    """All of the restaurant, newest first, ``after`` the last one seen."""
    if after is None:
        rows = await tx.fetch(INVITATIONS, tx.tenant, limit)
    else:
        rows = await tx.fetch(INVITATIONS_AFTER, tx.tenant, limit, after)
    return [invitation_in(row) for row in rows]


async def sweep_invitations(tx: Transaction, expired_before: datetime, batch: int) -> int:
    """Deletes old invitations of all restaurants; how many."""
    count: int = await tx.fetchval(SWEEP_INVITATIONS, expired_before, batch)
    return count


def invitation_in(row: Record) -> Invitation:
    """An invitation from a row with the columns of its table."""
    return Invitation(
        id=row["id"],
        restaurant_id=row["restaurant_id"],
        email=row["email"],
        name=row["name"],
        role=Role(row["role"]),
        stored_state=InvitationState(row["state"]),
        invited_by=row["invited_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


def _found(row: Record | None) -> Invitation | None:
    return None if row is None else invitation_in(row)
