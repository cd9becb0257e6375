"""Suppliers: who brings goods, and after how many days."""

from dataclasses import dataclass
from uuid import UUID

from services.catalog.domain.errors import TooManySuppliers
from services.catalog.domain.label import name_errors, name_key, refuse

SUPPLIERS_MAX = 500


@dataclass(frozen=True, slots=True)
class Supplier:
    """``lead_days`` from an order to its delivery; ``minimum_minor``: what an order is worth at least."""

    id: UUID
    name: str
    lead_days: int
    minimum_minor: int = 0
    version: int = 0

    @property
    def name_key(self) -> str:
        """What its name is compared by."""
        return name_key(self.name)


def check_supplier(supplier: Supplier) -> None:
    """Raises InvalidMenu for a name that is none."""
    refuse(name_errors("supplier.name", supplier.name))


def check_supplier_count(count: int) -> None:
    """Raises TooManySuppliers where there is no room for another one."""
    if count >= SUPPLIERS_MAX:
        raise TooManySuppliers(f"A restaurant has up to {SUPPLIERS_MAX} suppliers.")
