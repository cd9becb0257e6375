"""Users and platforms."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.db import Transaction
from services.auth.domain.sessions import User


@dataclass(frozen=True, slots=True)
class Account:
    """A user with the hash of the password."""

    user: User
    password_hash: str


async def begin_as(tx: Transaction, user_id: UUID) -> None:
    """Lets the transaction see what concerns ``user_id``, who must be proven, and holds the person still.

    Whatever makes a session shares the person; what takes sessions away waits for those and keeps new ones
    out (``hold_alone``), so that none is made from a membership that is just being removed.
    """
    await tx.execute(
        "SELECT set_config('app.user_id', $1, true), pg_advisory_xact_lock_shared(hashtextextended($2, 0))",
        str(user_id),
        _person_lock(user_id),
    )


async def hold_alone(tx: Transaction, user_id: UUID) -> None:
    """No session of this person is made or refreshed until the transaction ends. Opens no rows to it."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", _person_lock(user_id))


async def begin_as_nobody(tx: Transaction) -> None:
    """Takes back what ``begin_as`` opened; the person stays held."""
    await tx.execute("SELECT set_config('app.user_id', '', true)")


async def account_by_email(tx: Transaction, email: str) -> Account | None:
    """By normalised address."""
    row = await tx.fetchrow(
        "SELECT id, email, name, disabled, password_hash FROM user_account WHERE email = $1", email
    )
    return None if row is None else Account(_user(row), row["password_hash"])


async def user_by_id(tx: Transaction, user_id: UUID) -> User | None:
    """None for nobody."""
    row = await tx.fetchrow("SELECT id, email, name, disabled FROM user_account WHERE id = $1", user_id)
    return None if row is None else _user(row)


async def insert_user(tx: Transaction, user: User, password_hash: str, now: datetime) -> bool:
    """False where the address has an account, which is left as it is."""
    tag = await tx.execute(
        "INSERT INTO user_account (id, email, name, password_hash, disabled, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email) DO NOTHING",
        *(user.id, user.email, user.name, password_hash, user.disabled, now),
    )
    return tag == "INSERT 0 1"


async def update_password_hash(tx: Transaction, user_id: UUID, password_hash: str) -> None:
    """A new password."""
    await tx.execute("UPDATE user_account SET password_hash = $2 WHERE id = $1", user_id, password_hash)


async def replace_password_hash(tx: Transaction, account: Account, anew: str) -> bool:
    """The same password at another cost. False where another one is stored by now, which stays."""
    tag = await tx.execute(
        "UPDATE user_account SET password_hash = $3 WHERE id = $1 AND password_hash = $2",
        *(account.user.id, account.password_hash, anew),
    )
    return tag == "UPDATE 1"


async def password_hash_of(tx: Transaction, user_id: UUID) -> str | None:
    """The hash that is stored now."""
    found: str | None = await tx.fetchval("SELECT password_hash FROM user_account WHERE id = $1", user_id)
    return found


async def end_other_sessions(tx: Transaction, user_id: UUID, kept: UUID, now: datetime) -> list[UUID]:
    """Ends the sessions of the transaction's person but one; those that were not over already."""
    rows = await tx.fetch(
        "UPDATE session SET ended_at = $3, end_reason = 'password_changed'"
        " WHERE user_id = $1 AND id <> $2 AND ended_at IS NULL RETURNING id, expires_at",
        *(user_id, kept, now),
    )
    return sorted(row["id"] for row in rows if row["expires_at"] > now)


async def platform_named(tx: Transaction, name: str, owner_email: str) -> tuple[UUID, User] | None:
    """The platform of that name and owner."""
    row = await tx.fetchrow(
        "SELECT p.id AS platform_id, u.id, u.email, u.name, u.disabled FROM platform p"
        " JOIN platform_owner o ON o.platform_id = p.id JOIN user_account u ON u.id = o.user_id"
        " WHERE p.name = $1 AND u.email = $2 ORDER BY p.created_at LIMIT 1",
        name,
        owner_email,
    )
    return None if row is None else (row["platform_id"], _user(row))


async def lock_platform_name(tx: Transaction, name: str, owner_email: str) -> None:
    """Two requests for the same platform take turns; ends with the transaction."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('auth.platform:' || $1 || chr(31) || $2, 0))",
        name,
        owner_email,
    )


async def insert_platform(tx: Transaction, platform_id: UUID, name: str, owner: UUID, now: datetime) -> None:
    """A platform with its first owner."""
    await tx.execute(
        "INSERT INTO platform (id, name, created_at) VALUES ($1, $2, $3)", platform_id, name, now
    )
    await tx.execute(
        "INSERT INTO platform_owner (platform_id, user_id, created_at) VALUES ($1, $2, $3)",
        platform_id,
        owner,
        now,
    )


async def platforms_of(tx: Transaction, user_id: UUID) -> list[UUID]:
    """The platforms a person owns, oldest first."""
    rows = await tx.fetch(
        "SELECT platform_id FROM platform_owner WHERE user_id = $1 ORDER BY created_at, platform_id", user_id
    )
    return [row["platform_id"] for row in rows]


def _person_lock(user_id: UUID) -> str:
    return f"auth.person:{user_id}"


def _user(row: asyncpg.Record) -> User:
    return User(row["id"], row["email"], row["name"], row["disabled"])
