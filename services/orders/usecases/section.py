"""Sections of the floor. It is drawn one change after another: whoever draws holds the restaurant's row."""

from dataclasses import replace
from uuid import UUID

from chassis.db import Transaction
from chassis.db.commands import Answer, M, execute
from services.orders.domain.errors import SectionNotEmpty, SectionNotFound
from services.orders.domain.section import Section, check_section_count
from services.orders.store import section as store
from services.orders.store.restaurant import lock_copies
from services.orders.store.table import has_tables
from services.orders.usecases.ports import Command, Dependencies
from services.orders.wire.section import section_removed, section_saved


async def list_sections(deps: Dependencies, tenant: UUID) -> list[Section]:
    """By position."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return await store.find_sections(tx)


async def save_section(
    deps: Dependencies, command: Command, section: Section, is_new: bool, answer: Answer[Section, M]
) -> M:
    """Makes or changes a section. Raises SectionNotFound, StaleVersion, NameTaken, TooManySections."""

    async def save(tx: Transaction) -> Section:
        await lock_copies(tx)
        version = 1
        if is_new:
            check_section_count(await store.count_sections(tx))
            await store.insert_section(tx, section)
        else:
            version = await store.update_section(tx, section)
        saved = replace(section, version=version)
        tx.emit(section_saved(saved), subject_id=str(saved.id))
        return saved

    return await execute(deps.db, command, answer, save)


async def delete_section(
    deps: Dependencies, command: Command, section_id: UUID, answer: Answer[None, M]
) -> M:
    """Takes an empty section off the floor. Raises SectionNotFound, SectionNotEmpty."""

    async def delete(tx: Transaction) -> None:
        await lock_copies(tx)
        section = await store.find_section(tx, section_id)
        if section is None:
            raise SectionNotFound("There is no such section.")
        if await has_tables(tx, section_id):
            raise SectionNotEmpty(f"Tables stand in {section.name}: move or remove them first.")
        await store.delete_section(tx, section_id)
        tx.emit(section_removed(section), subject_id=str(section_id))

    return await execute(deps.db, command, answer, delete)
