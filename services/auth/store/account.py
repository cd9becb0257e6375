"""Accounts by address and id, their passwords' hashes, and whom a transaction acts for."""

from datetime import datetime
from uuid import UUID

from chassis.db import Record, Transaction
from services.auth.domain.account import Account, User

BEGIN_AS = "SELECT set_config('app.user_id', $1, true), pg_advisory_xact_lock_shared(hashtextextended($2, 0))"
BEGIN_AS_NOBODY = "SELECT set_config('app.user_id', '', true)"
HOLD_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
ACCOUNT_BY_EMAIL = "SELECT id, email, name, disabled, password_hash FROM user_account WHERE email = $1"
USER_BY_ID = "SELECT id, email, name, disabled FROM user_account WHERE id = $1"
INSERT_USER = """
INSERT INTO user_account (id, email, name, password_hash, disabled, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (email) DO NOTHING
"""
HASH_OF = "SELECT password_hash FROM user_account WHERE id = $1"
UPDATE_HASH = "UPDATE user_account SET password_hash = $2 WHERE id = $1"
REPLACE_HASH = "UPDATE user_account SET password_hash = $3 WHERE id = $1 AND password_hash = $2"


async def begin_as(tx: Transaction, user_id: UUID) -> None:
    """Lets the transaction see what concerns ``user_id``, who must be proven, and holds the person still.

    Whatever makes a session shares the person; what takes sessions away waits for those and keeps new ones
    out (``hold_alone``), so that none is made from a membership that is just being removed.
    """
    await tx.execute(BEGIN_AS, str(user_id), _person_lock(user_id))


async def hold_alone(tx: Transaction, user_id: UUID) -> None:
    """No session of this person is made or refreshed until the transaction ends. Opens no rows to it."""
    await tx.execute(HOLD_ALONE, _person_lock(user_id))


async def begin_as_nobody(tx: Transaction) -> None:
    """Takes back what ``begin_as`` opened; the person stays held."""
    await tx.execute(BEGIN_AS_NOBODY)


async def account_by_email(tx: Transaction, email: str) -> Account | None:
    """By normalised address."""
    row = await tx.fetchrow(ACCOUNT_BY_EMAIL, email)
    return None if row is None else Account(user_in(row), row["password_hash"])


async def user_by_id(tx: Transaction, user_id: UUID) -> User | None:
    """None for nobody."""
    row = await tx.fetchrow(USER_BY_ID, user_id)
    return None if row is None else user_in(row)


async def insert_user(tx: Transaction, user: User, password_hash: str, now: datetime) -> bool:
    """False where the address has an account, which is left as it is."""
    tag = await tx.execute(INSERT_USER, user.id, user.email, user.name, password_hash, user.disabled, now)
    return tag == "INSERT 0 1"


async def update_password_hash(tx: Transaction, user_id: UUID, password_hash: str) -> None:
    """A new password."""
    await tx.execute(UPDATE_HASH, user_id, password_hash)


async def replace_password_hash(tx: Transaction, account: Account, anew: str) -> bool:
    """The same password at another cost. False where another one is stored by now, which stays."""
    tag = await tx.execute(REPLACE_HASH, account.user.id, account.password_hash, anew)
    return tag == "UPDATE 1"


async def password_hash_of(tx: Transaction, user_id: UUID) -> str | None:
    """The hash that is stored now."""
    found: str | None = await tx.fetchval(HASH_OF, user_id)
    return found


def user_in(row: Record) -> User:
    """A user from a row with the columns of its table."""
    return User(row["id"], row["email"], row["name"], row["disabled"])


def _person_lock(user_id: UUID) -> str:
    return f"auth.person:{user_id}"
