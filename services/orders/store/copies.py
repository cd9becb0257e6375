"""Local copies of what auth and catalog own, and the versions by which they are compared."""

from dataclasses import dataclass

from chassis.db import Transaction


@dataclass(frozen=True, slots=True)
class CopyVersions:
    """Which copies a price was computed with."""

    settings: int
    menu: int
    stations: int


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


@dataclass(frozen=True, slots=True)
class MenuPart:
    """One part of a menu change that waits for the others."""

    version: int
    part: int
    parts: int
    previous_version: int
    payload: bytes


ABSENT = StoredCopies(0, None, 0, None, 0, 0)

SELECT = """
SELECT settings_version, settings, menu_version, menu, menu_wanted, stations_version FROM restaurant
WHERE restaurant_id = $1
"""
SELECT_SETTINGS = "SELECT settings FROM restaurant WHERE restaurant_id = $1"
# A menu that is known to be behind has no version that an order may be priced with.
SELECT_VERSIONS = """
SELECT settings_version, CASE WHEN menu_wanted <= menu_version THEN menu_version ELSE -1 END AS menu_version,
    stations_version
FROM restaurant WHERE restaurant_id = $1
"""
SELECT_FOR_UPDATE = f"{SELECT} FOR UPDATE"
ENSURE = """
INSERT INTO restaurant (restaurant_id, settings_version, menu_version, menu_wanted, stations_version)
VALUES ($1, 0, 0, 0, 0) ON CONFLICT DO NOTHING
"""
SAVE_SETTINGS = """
INSERT INTO restaurant AS r
    (restaurant_id, settings_version, settings, auto_complete, time_zone, day_cutoff_minutes, menu_version,
     menu_wanted, stations_version)
VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0)
ON CONFLICT (restaurant_id) DO UPDATE SET
    settings_version = excluded.settings_version, settings = excluded.settings,
    auto_complete = excluded.auto_complete, time_zone = excluded.time_zone,
    day_cutoff_minutes = excluded.day_cutoff_minutes
WHERE r.settings_version < excluded.settings_version
"""
SAVE_MENU = """
UPDATE restaurant SET menu_version = $2, menu = $3, menu_wanted = greatest(menu_wanted, $2)
WHERE restaurant_id = $1 AND (menu_version < $2 OR menu IS NULL)
"""
WANT_MENU = """
UPDATE restaurant SET menu_wanted = greatest(menu_wanted, $2) WHERE restaurant_id = $1
"""
COUNT_STATIONS = """
UPDATE restaurant SET stations_version = stations_version + 1 WHERE restaurant_id = $1
"""
SAVE_PART = """
INSERT INTO menu_part (restaurant_id, version, part, parts, previous_version, payload)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""
SELECT_PARTS = """
SELECT version, part, parts, previous_version, payload FROM menu_part
WHERE restaurant_id = $1 ORDER BY version, part
"""
DELETE_PARTS = "DELETE FROM menu_part WHERE restaurant_id = $1 AND version <= $2"


async def find(tx: Transaction) -> StoredCopies:
    """The copies of the tenant; ABSENT without any."""
    row = await tx.fetchrow(SELECT, tx.tenant)
    return ABSENT if row is None else StoredCopies(**dict(row))


async def find_versions(tx: Transaction) -> CopyVersions:
    """Which copies are stored; all 0 without any."""
    row = await tx.fetchrow(SELECT_VERSIONS, tx.tenant)
    return CopyVersions(0, 0, 0) if row is None else CopyVersions(*row.values())


async def find_settings(tx: Transaction) -> bytes:
    """The serialised settings; empty without any."""
    return await tx.fetchval(SELECT_SETTINGS, tx.tenant) or b""


async def lock(tx: Transaction) -> StoredCopies:
    """As find, made if there were none, locked until the transaction ends."""
    await tx.execute(ENSURE, tx.tenant)
    row = await tx.fetchrow(SELECT_FOR_UPDATE, tx.tenant)
    assert row is not None
    return StoredCopies(**dict(row))


async def save_settings(
    tx: Transaction,
    version: int,
    settings: bytes,
    *,
    auto_complete: bool,
    time_zone: str,
    day_cutoff_minutes: int,
) -> None:
    """Keeps the newer version. What stands alone here is among the settings too; the sweeps look for it."""
    values = (auto_complete, time_zone, day_cutoff_minutes)
    await tx.execute(SAVE_SETTINGS, tx.tenant, version, settings, *values)


async def save_menu(tx: Transaction, version: int, menu: bytes) -> None:
    """Keeps the newer version and forgets parts that it contains. The row exists."""
    await tx.execute(SAVE_MENU, tx.tenant, version, menu)
    await tx.execute(DELETE_PARTS, tx.tenant, version)


async def want_menu(tx: Transaction, version: int) -> None:
    """Notes that this menu version exists. The row exists."""
    await tx.execute(WANT_MENU, tx.tenant, version)


async def count_stations(tx: Transaction) -> None:
    """Tells every process that the stations changed. The row exists."""
    await tx.execute(COUNT_STATIONS, tx.tenant)


async def save_part(tx: Transaction, part: MenuPart) -> None:
    """Keeps a part until its fellows have come."""
    await tx.execute(
        SAVE_PART, tx.tenant, part.version, part.part, part.parts, part.previous_version, part.payload
    )


async def find_parts(tx: Transaction) -> list[MenuPart]:
    """By version and part."""
    return [MenuPart(**dict(row)) for row in await tx.fetch(SELECT_PARTS, tx.tenant)]
