"""Who belongs to a restaurant, and where a person belongs."""

from datetime import datetime
from uuid import UUID

from chassis.db import Record, Transaction
from services.auth.domain.invitation import Invitation
from services.auth.domain.member import Membership
from services.auth.domain.role import Role
from services.auth.store.invitation import invitation_in

# What a platform owner is in every restaurant of the platform outranks a membership there.
MEMBERSHIPS_OF = """
SELECT r.restaurant_id, r.name AS restaurant_name, u.id, u.email, u.name,
    CASE WHEN o.user_id IS NULL THEN m.role ELSE 'platform_owner' END AS role
FROM (
    SELECT restaurant_id FROM membership WHERE user_id = $1
    UNION
    SELECT r.restaurant_id FROM restaurant r JOIN platform_owner o USING (platform_id) WHERE o.user_id = $1
) mine
JOIN restaurant r USING (restaurant_id)
LEFT JOIN platform_owner o ON o.platform_id = r.platform_id AND o.user_id = $1
LEFT JOIN membership m ON m.restaurant_id = r.restaurant_id AND m.user_id = $1
JOIN user_account u ON u.id = $1
ORDER BY coalesce(m.created_at, r.created_at), r.restaurant_id LIMIT $2
"""
MEMBERSHIP_IN = """
SELECT r.restaurant_id, r.name AS restaurant_name, u.id, u.email, u.name,
    CASE WHEN o.user_id IS NULL THEN m.role ELSE 'platform_owner' END AS role
FROM restaurant r
LEFT JOIN platform_owner o ON o.platform_id = r.platform_id AND o.user_id = $1
LEFT JOIN membership m ON m.restaurant_id = r.restaurant_id AND m.user_id = $1
JOIN user_account u ON u.id = $1
WHERE r.restaurant_id = $2 AND (o.user_id IS NOT NULL OR m.user_id IS NOT NULL)
"""
MEMBER = """
SELECT r.restaurant_id, r.name AS restaurant_name, u.id, u.email, u.name, m.role
FROM membership m JOIN restaurant r USING (restaurant_id) JOIN user_account u ON u.id = m.user_id
WHERE m.restaurant_id = $1 AND m.user_id = $2
"""
PEOPLE_OF = """
WITH everybody AS (
    SELECT u.id, u.name, u.email, m.role, r.name AS restaurant_name, m.restaurant_id, NULL AS state,
        NULL::uuid AS invited_by, m.created_at, NULL::timestamptz AS expires_at
    FROM membership m JOIN restaurant r USING (restaurant_id) JOIN user_account u ON u.id = m.user_id
    WHERE m.restaurant_id = $1
    UNION ALL
    SELECT i.id, i.name, i.email, i.role, NULL, i.restaurant_id, i.state, i.invited_by, i.created_at,
        i.expires_at
    FROM invitation i
    WHERE i.restaurant_id = $1 AND i.state = 'pending' AND i.expires_at > $2
)
SELECT * FROM everybody ORDER BY name, id LIMIT $3
"""
PEOPLE_OF_AFTER = """
WITH everybody AS (
    SELECT u.id, u.name, u.email, m.role, r.name AS restaurant_name, m.restaurant_id, NULL AS state,
        NULL::uuid AS invited_by, m.created_at, NULL::timestamptz AS expires_at
    FROM membership m JOIN restaurant r USING (restaurant_id) JOIN user_account u ON u.id = m.user_id
    WHERE m.restaurant_id = $1
    UNION ALL
    SELECT i.id, i.name, i.email, i.role, NULL, i.restaurant_id, i.state, i.invited_by, i.created_at,
        i.expires_at
    FROM invitation i
    WHERE i.restaurant_id = $1 AND i.state = 'pending' AND i.expires_at > $2
)
SELECT * FROM everybody
WHERE (name, id) > (
    SELECT seen.name, seen.id
    FROM (SELECT id, name FROM user_account UNION ALL SELECT id, name FROM invitation) seen
    WHERE seen.id = $4
)
ORDER BY name, id LIMIT $3
"""
IS_MEMBER = """
SELECT EXISTS (
    SELECT FROM membership m JOIN user_account u ON u.id = m.user_id
    WHERE m.restaurant_id = $1 AND u.email = $2
)
"""
HAS_ROLE = """
SELECT EXISTS (
    SELECT FROM membership m JOIN user_account u ON u.id = m.user_id
    WHERE m.restaurant_id = $1 AND u.email = $2 AND m.role = $3
)
"""
SAVE_MEMBERSHIP = """
INSERT INTO membership (restaurant_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (restaurant_id, user_id) DO UPDATE SET role = $3
"""
DELETE_MEMBERSHIP = "DELETE FROM membership WHERE restaurant_id = $1 AND user_id = $2"
COUNT_OWNERS = "SELECT count(*) FROM membership WHERE restaurant_id = $1 AND role = 'restaurant_owner'"


async def memberships_of(tx: Transaction, user_id: UUID, *, limit: int) -> list[Membership]:
    """A person's roles, oldest membership first."""
    return [_membership(row) for row in await tx.fetch(MEMBERSHIPS_OF, user_id, limit)]


async def membership_in(tx: Transaction, user_id: UUID, restaurant_id: UUID) -> Membership | None:
    """What a person is in one restaurant; None where they are nothing there."""
    row = await tx.fetchrow(MEMBERSHIP_IN, user_id, restaurant_id)
    return None if row is None else _membership(row)


async def member(tx: Transaction, user_id: UUID) -> Membership | None:
    """One member of the transaction's restaurant."""
    row = await tx.fetchrow(MEMBER, tx.tenant, user_id)
    return None if row is None else _membership(row)


async def people_of(
    tx: Transaction, now: datetime, *, limit: int, after: UUID | None
) -> list[Membership | Invitation]:
    """Members, and those whose invitation can still be accepted, by name and id; ``after`` the last one
    seen.
    """
    if after is None:
        rows = await tx.fetch(PEOPLE_OF, tx.tenant, now, limit)
    else:
        rows = await tx.fetch(PEOPLE_OF_AFTER, tx.tenant, now, limit, after)
    return [invitation_in(row) if row["state"] else _membership(row) for row in rows]


async def is_member(tx: Transaction, email: str, *, role: Role | None = None) -> bool:
    """Whether the address is that of a member of the transaction's restaurant (with that role)."""
    found: bool
    if role is None:
        found = await tx.fetchval(IS_MEMBER, tx.tenant, email)
    else:
        found = await tx.fetchval(HAS_ROLE, tx.tenant, email, role.value)
    return found


async def save_membership(tx: Transaction, user_id: UUID, role: Role, now: datetime) -> None:
    """Gives ``role`` in the transaction's restaurant, instead of any before."""
    await tx.execute(SAVE_MEMBERSHIP, tx.tenant, user_id, role.value, now)


async def delete_membership(tx: Transaction, user_id: UUID) -> None:
    """Takes the role in the transaction's restaurant away."""
    await tx.execute(DELETE_MEMBERSHIP, tx.tenant, user_id)


async def count_owners(tx: Transaction) -> int:
    """Owners of the transaction's restaurant, whose row is locked by then."""
    count: int = await tx.fetchval(COUNT_OWNERS, tx.tenant)
    return count


def _membership(row: Record) -> Membership:
    return Membership(
        user_id=row["id"],
        restaurant_id=row["restaurant_id"],
        restaurant_name=row["restaurant_name"],
        role=Role(row["role"]),
        email=row["email"],
        name=row["name"],
    )
