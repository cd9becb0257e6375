"""What others own and orders keep a copy of: the row of a restaurant, and the versions by which copies are
compared.
"""

from dataclasses import dataclass

from chassis.db import Transaction
from services.orders.domain.restaurant import CopyVersions, RestaurantCopy


@dataclass(frozen=True, slots=True)
class StoredCopies:
    """The serialised copies of one restaurant, None where there is none yet.

    ``menu_wanted`` is the newest menu version that is known to exist.
    """

    settings_version: int
    settings: bytes | None
    menu_version: int
    menu: bytes | None
    menu_wanted: int
    stations_version: int


ABSENT = StoredCopies(0, None, 0, None, 0, 0)
FIND_COPIES = """
SELECT settings_version, settings, menu_version, menu, menu_wanted, stations_version FROM restaurant
WHERE restaurant_id = $1
"""
LOCK_COPIES = """
SELECT settings_version, settings, menu_version, menu, menu_wanted, stations_version FROM restaurant
WHERE restaurant_id = $1 FOR UPDATE
"""
ENSURE_RESTAURANT = """
INSERT INTO restaurant (restaurant_id, settings_version, menu_version, menu_wanted, stations_version)
VALUES ($1, 0, 0, 0, 0) ON CONFLICT DO NOTHING
"""
FIND_RESTAURANT = "SELECT settings FROM restaurant WHERE restaurant_id = $1"

# A menu that is known to be behind has no version that an order may be priced with.
FIND_VERSIONS = """
SELECT settings_version, CASE WHEN menu_wanted <= menu_version THEN menu_version ELSE -1 END AS menu_version,
    stations_version
FROM restaurant WHERE restaurant_id = $1
"""
SAVE_RESTAURANT = """
INSERT INTO restaurant AS r
    (restaurant_id, settings_version, settings, auto_complete, time_zone, day_cutoff_minutes, menu_version,
     menu_wanted, stations_version)
VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0)
ON CONFLICT (restaurant_id) DO UPDATE SET
    settings_version = excluded.settings_version, settings = excluded.settings,
    auto_complete = excluded.auto_complete, time_zone = excluded.time_zone,
    day_cutoff_minutes = excluded.day_cutoff_minutes
WHERE r.settings_version <= excluded.settings_version
"""
NOTE_STATIONS = """
UPDATE restaurant SET stations_version = stations_version + 1 WHERE restaurant_id = $1
"""


async def find_copies(tx: Transaction) -> StoredCopies:
    """The copies of the tenant; ABSENT without any."""
    row = await tx.fetchrow(FIND_COPIES, tx.tenant)
    return ABSENT if row is None else StoredCopies(**dict(row))


async def find_versions(tx: Transaction) -> CopyVersions:
    """Which copies are stored; all 0 without any."""
    row = await tx.fetchrow(FIND_VERSIONS, tx.tenant)
    return CopyVersions(0, 0, 0) if row is None else CopyVersions(*row.values())


async def find_restaurant(tx: Transaction) -> bytes:
    """The settings as they are kept; empty without any."""
    return await tx.fetchval(FIND_RESTAURANT, tx.tenant) or b""


async def lock_copies(tx: Transaction) -> StoredCopies:
    """As find_copies, made if there were none, locked until the transaction ends."""
    await tx.execute(ENSURE_RESTAURANT, tx.tenant)
    row = await tx.fetchrow(LOCK_COPIES, tx.tenant)
    assert row is not None
    return StoredCopies(**dict(row))


async def save_restaurant(tx: Transaction, restaurant: RestaurantCopy, kept: bytes) -> None:
    """Keeps the newer version; the same one again may say more than an older process kept of it. What stands
    alone here is in ``kept`` too; the sweeps look for it.
    """
    await tx.execute(
        SAVE_RESTAURANT,
        tx.tenant,
        restaurant.version,
        kept,
        restaurant.auto_complete,
        restaurant.time_zone,
        restaurant.day_cutoff_minutes,
    )


async def note_stations(tx: Transaction) -> None:
    """Tells every process that the stations changed. The row exists."""
    await tx.execute(NOTE_STATIONS, tx.tenant)


async def note_promotions(tx: Transaction) -> None:
    """Tells every process that the promotions changed: what a restaurant has here beside copies has one
    version. The row exists.
    """
    await tx.execute(NOTE_STATIONS, tx.tenant)
