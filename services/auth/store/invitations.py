"""Invitations of the transaction's restaurant."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.db import Transaction
from chassis.db.conditions import Conditions
from services.auth.domain.invitations import Invitation, InvitationState
from services.auth.domain.roles import Membership, Role

_COLUMNS = "id, restaurant_id, email, name, role, state, invited_by, created_at, expires_at"


async def save_invitation(tx: Transaction, invitation: Invitation) -> None:
    """A new one, or the renewed one of that id."""
    i = invitation
    await tx.execute(
        f"INSERT INTO invitation ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"  # noqa: S608
        " ON CONFLICT (id) DO UPDATE SET name = $4, role = $5, invited_by = $7, expires_at = $9",
        *(i.id, i.restaurant_id, i.email, i.name, i.role.value, i.stored_state.value),
        *(i.invited_by, i.created_at, i.expires_at),
    )


async def invitation_by_id(tx: Transaction, invitation_id: UUID, *, lock: bool = False) -> Invitation | None:
    """``lock`` makes whoever else settles it wait."""
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM invitation WHERE id = $1" + (" FOR UPDATE" if lock else ""),  # noqa: S608
        invitation_id,
    )
    return None if row is None else _invitation(row)


async def newest_to(tx: Transaction, email: str, *, pending: bool = False) -> Invitation | None:
    """The last invitation to an address; only a pending one where that is asked for."""
    where = Conditions(tx.tenant, email).add("restaurant_id = $1 AND email = $2")
    if pending:
        where.add("state = 'pending'")
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM invitation WHERE {where}"  # noqa: S608
        " ORDER BY created_at DESC, id DESC LIMIT 1 FOR UPDATE",
        *where.arguments,
    )
    return None if row is None else _invitation(row)


async def count_pending(tx: Transaction, now: datetime) -> int:
    """Those that can be accepted now."""
    count: int = await tx.fetchval(
        "SELECT count(*) FROM invitation WHERE restaurant_id = $1 AND state = 'pending' AND expires_at > $2",
        *(tx.tenant, now),
    )
    return count


async def settle(
    tx: Transaction, invitation_id: UUID, state: InvitationState, now: datetime, by: UUID | None = None
) -> None:
    """Accepted by a user, or revoked."""
    await tx.execute(
        "UPDATE invitation SET state = $2, settled_at = $3, accepted_by = $4 WHERE id = $1",
        *(invitation_id, state.value, now, by),
    )


async def pending_by(tx: Transaction, inviter: UUID, roles: Sequence[Role]) -> list[UUID]:
    """Pending invitations to one of ``roles`` that a person has made."""
    rows = await tx.fetch(
        "SELECT id FROM invitation WHERE restaurant_id = $1 AND invited_by = $2 AND state = 'pending'"
        " AND role = ANY ($3) ORDER BY id FOR UPDATE",
        *(tx.tenant, inviter, [role.value for role in roles]),
    )
    return [row["id"] for row in rows]


async def invitations(tx: Transaction, *, limit: int, after: UUID | None) -> list[Invitation]:
    """All of the restaurant, newest first, ``after`` the last one seen."""
    where = Conditions(tx.tenant).add("restaurant_id = $1")
    if after is not None:
        seen = "SELECT seen.created_at, seen.id FROM invitation seen WHERE seen.id = {}"
        where.add(f"(created_at, id) < ({seen})", after)
    rows = await tx.fetch(
        f"SELECT {_COLUMNS} FROM invitation WHERE {where}"  # noqa: S608
        f" ORDER BY created_at DESC, id DESC LIMIT {where.parameter(limit)}",
        *where.arguments,
    )
    return [_invitation(row) for row in rows]


async def people_of(
    tx: Transaction, now: datetime, *, limit: int, after: UUID | None
) -> list[Membership | Invitation]:
    """Members, and those whose invitation can still be accepted, by name and id."""
    where = Conditions(tx.tenant, now)
    if after is not None:
        named = "SELECT id, name FROM user_account UNION ALL SELECT id, name FROM invitation"
        seen = f"SELECT seen.name, seen.id FROM ({named}) seen"  # noqa: S608
        where.add(f"(name, id) > ({seen} WHERE seen.id = {{}})", after)
    rows = await tx.fetch(
        "WITH everybody AS ("  # noqa: S608
        "SELECT u.id, u.name, u.email, m.role, r.name AS restaurant_name, m.restaurant_id,"
        " NULL AS state, NULL::uuid AS invited_by, m.created_at, NULL::timestamptz AS expires_at"
        " FROM membership m JOIN restaurant r USING (restaurant_id) JOIN user_account u ON u.id = m.user_id"
        " WHERE m.restaurant_id = $1"
        " UNION ALL SELECT i.id, i.name, i.email, i.role, NULL, i.restaurant_id, i.state, i.invited_by,"
        " i.created_at, i.expires_at FROM invitation i"
        " WHERE i.restaurant_id = $1 AND i.state = 'pending' AND i.expires_at > $2)"
        f" SELECT * FROM everybody WHERE {where} ORDER BY name, id LIMIT {where.parameter(limit)}",
        *where.arguments,
    )
    return [_invitation(row) if row["state"] else _membership(row) for row in rows]


async def sweep_invitations(tx: Transaction, expired_before: datetime, batch: int) -> int:
    """Deletes old invitations of all restaurants; how many."""
    count: int = await tx.fetchval("SELECT sweep_invitations($1, $2)", expired_before, batch)
    return count


def _invitation(row: asyncpg.Record) -> Invitation:
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


def _membership(row: asyncpg.Record) -> Membership:
    return Membership(
        user_id=row["id"],
        restaurant_id=row["restaurant_id"],
        restaurant_name=row["restaurant_name"],
        role=Role(row["role"]),
        email=row["email"],
        name=row["name"],
    )
