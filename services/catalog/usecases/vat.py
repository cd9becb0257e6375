"""The VAT classes that a restaurant's items may have."""

from collections.abc import Sequence

from chassis.db import Transaction
from services.catalog.domain.vat import VatClass
from services.catalog.domain.vat_uk import VAT_CLASSES
from services.catalog.store import vat as vat_store


async def vat_classes_of(tx: Transaction) -> Sequence[VatClass]:
    """Its own; before its menu was first changed those that it will start with."""
    return await vat_store.vat_classes(tx) or VAT_CLASSES
