"""Platforms and their owners."""

from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from services.auth.domain.platform import Platform
from services.auth.store.account import user_in

PLATFORM_NAMED = """
SELECT p.id AS platform_id, u.id, u.email, u.name, u.disabled
FROM platform p JOIN platform_owner o ON o.platform_id = p.id JOIN user_account u ON u.id = o.user_id
WHERE p.name = $1 AND u.email = $2
ORDER BY p.created_at LIMIT 1
"""
LOCK_PLATFORM_NAME = """
SELECT pg_advisory_xact_lock(hashtextextended('auth.platform:' || $1 || chr(31) || $2, 0))
"""
INSERT_PLATFORM = "INSERT INTO platform (id, name, created_at) VALUES ($1, $2, $3)"
INSERT_OWNER = "INSERT INTO platform_owner (platform_id, user_id, created_at) VALUES ($1, $2, $3)"
PLATFORMS_OF = """
SELECT platform_id FROM platform_owner WHERE user_id = $1 ORDER BY created_at, platform_id
"""


async def platform_named(tx: Transaction, name: str, owner_email: str) -> Platform | None:
    """The platform of that name and owner."""
    row = await tx.fetchrow(PLATFORM_NAMED, name, owner_email)
    return None if row is None else Platform(row["platform_id"], name, user_in(row))


async def lock_platform_name(tx: Transaction, name: str, owner_email: str) -> None:
    """Two requests for the same platform take turns; ends with the transaction."""
    await tx.execute(LOCK_PLATFORM_NAME, name, owner_email)


async def insert_platform(tx: Transaction, platform: Platform, now: datetime) -> None:
    """A platform with its first owner."""
    await tx.execute(INSERT_PLATFORM, platform.id, platform.name, now)
    await tx.execute(INSERT_OWNER, platform.id, platform.owner.id, now)


async def platforms_of(tx: Transaction, user_id: UUID) -> list[UUID]:
    """The platforms a person owns, oldest first."""
    return [row["platform_id"] for row in await tx.fetch(PLATFORMS_OF, user_id)]
