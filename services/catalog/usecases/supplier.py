"""Suppliers."""

from dataclasses import replace
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, Command, M, execute
from services.catalog.domain.errors import SupplierInUse, UnknownSupplier
from services.catalog.domain.menu import check_version
from services.catalog.domain.supplier import Supplier, check_supplier, check_supplier_count
from services.catalog.store import supplier as store
from services.catalog.store.menu import lock_menu
from services.catalog.store.supply import brings_something


async def list_suppliers(db: Database, tenant: UUID, after: UUID | None, limit: int) -> list[Supplier]:
    """The next ``limit`` suppliers by id."""
    async with db.transaction(tenant, readonly=True) as tx:
        return await store.supplier_page(tx, after, limit)


async def save_supplier(
    db: Database, command: Command, wanted: Supplier, is_new: bool, answer: Answer[Supplier, M]
) -> M:
    """Makes a supplier, or changes one that the caller saw at its version.

    Raises InvalidMenu, NameTaken, TooManySuppliers, UnknownSupplier, StaleVersion.
    """

    async def work(tx: Transaction) -> Supplier:
        check_supplier(wanted)
        await lock_menu(tx)
        if is_new:
            check_supplier_count(await store.count_suppliers(tx))
        else:
            current = await locked_supplier(tx, wanted.id)
            check_version(wanted.version, current.version)
            if wanted == current:
                return current
        saved = replace(wanted, version=wanted.version + 1)
        await store.save_supplier(tx, saved)
        return saved

    return await execute(db, command, answer, work)


async def delete_supplier(db: Database, command: Command, supplier_id: UUID, answer: Answer[None, M]) -> M:
    """Raises UnknownSupplier, SupplierInUse."""

    async def work(tx: Transaction) -> None:
        supplier = await locked_supplier(tx, supplier_id)
        if await brings_something(tx, supplier_id):
            raise SupplierInUse(
                f"Something comes from {supplier.name}: say first from whom it comes instead."
            )
        await store.delete_supplier(tx, supplier_id)
        audit(tx, "catalog.supplier_removed", supplier_id=supplier_id)

    return await execute(db, command, answer, work)


async def locked_supplier(tx: Transaction, supplier_id: UUID) -> Supplier:
    """Nobody else changes or removes it until the transaction ends. Raises UnknownSupplier."""
    found = await store.lock_supplier(tx, supplier_id)
    if found is None:
        raise UnknownSupplier(metadata={"supplier_id": str(supplier_id)})
    return found
