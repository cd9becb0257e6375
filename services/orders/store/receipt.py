"""Which bills and receipts have been handed out, and the money that they tell of."""

from datetime import datetime
from uuid import UUID

from chassis.db import Transaction
from services.orders.domain.receipt import Tender

TENDERS_MAX = 200
# In the order in which payments took the money.
FIND_TENDERS = f"""
SELECT method, amount_minor, recorded_at, tip_minor, tendered_minor, change_minor, check_id
FROM order_payment
WHERE restaurant_id = $1 AND order_id = $2 ORDER BY sequence, recorded_at LIMIT {TENDERS_MAX}
"""  # noqa: S608
# $3 document, $4 when, $5 by whom. The first one makes the row; of two at once one is the first.
ISSUE_RECEIPT = """
INSERT INTO receipt_issue AS r (restaurant_id, order_id, document, issued_at, issued_by, copies)
VALUES ($1, $2, $3, $4, $5, 0)
ON CONFLICT (restaurant_id, order_id, document) DO UPDATE SET copies = r.copies + 1
RETURNING copies
"""


async def find_tenders(tx: Transaction, order_id: UUID) -> list[Tender]:
    """At most TENDERS_MAX."""
    return [
        Tender(
            method=row["method"],
            amount_minor=row["amount_minor"],
            at=row["recorded_at"],
            tip_minor=row["tip_minor"],
            tendered_minor=row["tendered_minor"],
            change_minor=row["change_minor"],
            check_id=None if row["check_id"] is None else UUID(int=row["check_id"].int),
        )
        for row in await tx.fetch(FIND_TENDERS, tx.tenant, order_id)
    ]


async def issue_receipt(tx: Transaction, order_id: UUID, document: str, at: datetime, by: str) -> int:
    """Records that the document is handed out; how often it was before."""
    return int(await tx.fetchval(ISSUE_RECEIPT, tx.tenant, order_id, document, at, by))
