"""Sections."""

from uuid import UUID

import asyncpg

from chassis.db import Record, Transaction
from services.orders.domain.errors import NameTaken, SectionNotFound, StaleVersion
from services.orders.domain.section import SECTIONS_MAX, Section

FIND_SECTIONS = f"""
SELECT id, name, position, version FROM floor_section WHERE restaurant_id = $1
ORDER BY position, name_key LIMIT {SECTIONS_MAX}
"""  # noqa: S608
FIND_SECTION = "SELECT id, name, position, version FROM floor_section WHERE restaurant_id = $1 AND id = $2"
COUNT_SECTIONS = "SELECT count(*) FROM floor_section WHERE restaurant_id = $1"
INSERT_SECTION = """
INSERT INTO floor_section (restaurant_id, id, name, name_key, position, version)
VALUES ($1, $2, $3, $4, $5, 1)
"""
UPDATE_SECTION = """
UPDATE floor_section SET name = $3, name_key = $4, position = $5, version = version + 1
WHERE restaurant_id = $1 AND id = $2 AND version = $6 RETURNING version
"""
DELETE_SECTION = "DELETE FROM floor_section WHERE restaurant_id = $1 AND id = $2"


async def find_sections(tx: Transaction) -> list[Section]:
    """By position, then by name; at most SECTIONS_MAX."""
    return [_section_in(row) for row in await tx.fetch(FIND_SECTIONS, tx.tenant)]


async def find_section(tx: Transaction, section_id: UUID) -> Section | None:
    """None where there is none."""
    row = await tx.fetchrow(FIND_SECTION, tx.tenant, section_id)
    return None if row is None else _section_in(row)


async def count_sections(tx: Transaction) -> int:
    """How many the restaurant has."""
    return int(await tx.fetchval(COUNT_SECTIONS, tx.tenant))


async def insert_section(tx: Transaction, section: Section) -> None:
    """A new section, version 1. Raises NameTaken."""
    try:
        await tx.execute(INSERT_SECTION, *_values(tx, section))
    except asyncpg.UniqueViolationError as error:
        raise _taken(section) from error


async def update_section(tx: Transaction, section: Section) -> int:
    """The new version; ``section.version`` is what the caller saw.

    Raises SectionNotFound, StaleVersion, NameTaken.
    """
    try:
        version = await tx.fetchval(UPDATE_SECTION, *_values(tx, section), section.version)
    except asyncpg.UniqueViolationError as error:
        raise _taken(section) from error
    if version is not None:
        return int(version)
    if await find_section(tx, section.id) is None:
        raise SectionNotFound("There is no such section.")
    raise StaleVersion("Somebody changed this section; read it again.")


async def delete_section(tx: Transaction, section_id: UUID) -> None:
    """It has no tables."""
    await tx.execute(DELETE_SECTION, tx.tenant, section_id)


def _taken(section: Section) -> NameTaken:
    return NameTaken(f"Another section is called {section.name}.")


def _values(tx: Transaction, section: Section) -> list[object]:
    return [tx.tenant, section.id, section.name, section.name_key, section.position]


def _section_in(row: Record) -> Section:
    return Section(row["id"], row["name"], row["position"], row["version"])
