"""VAT classes."""

from collections.abc import Sequence
from datetime import date

from chassis.db import Transaction
from services.catalog.domain.vat import VatClass, VatRate

VAT_CLASSES = """
SELECT code, name, rates, version FROM vat_class WHERE restaurant_id = $1 ORDER BY position, code
"""
ADD_VAT_CLASSES = """
INSERT INTO vat_class (restaurant_id, code, name, rates, position, version)
SELECT $1, v.code, v.name, v.rates, v.position, v.version
FROM jsonb_to_recordset($2::jsonb)
    AS v (code text, name text, rates jsonb, position int, version bigint)
"""


async def vat_classes(tx: Transaction) -> list[VatClass]:
    """None before the menu was first changed."""
    return [
        VatClass(
            row["code"],
            row["name"],
            tuple(VatRate(date.fromisoformat(day), eat_in, away) for day, eat_in, away in row["rates"]),
            row["version"],
        )
        for row in await tx.fetch(VAT_CLASSES, tx.tenant)
    ]


async def add_vat_classes(tx: Transaction, found: Sequence[VatClass]) -> None:
    """In their order."""
    documents = [
        {
            "code": each.code,
            "name": each.name,
            "rates": [
                [rate.effective_from.isoformat(), rate.eat_in_bp, rate.takeaway_bp] for rate in each.rates
            ],
            "position": position,
            "version": each.version,
        }
        for position, each in enumerate(found)
    ]
    await tx.execute(ADD_VAT_CLASSES, tx.tenant, documents)
