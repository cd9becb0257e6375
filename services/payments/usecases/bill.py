"""Bills: brought up to what orders say, and closed when an order is cancelled."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.db import Database, Transaction
from chassis.db.commands import Answer, Command, M, execute
from chassis.telemetry import get_logger
from services.payments.domain.bill import OrderNews, check_closable, newest_of_each, parts_of
from services.payments.store import bill as bills

_log = get_logger("bills")


@dataclass(frozen=True, slots=True)
class CloseBill(Command):
    """The order that is being cancelled."""

    order_id: UUID


async def apply_orders(
    tx: Transaction, news: Iterable[OrderNews], now: datetime, *, lock_wait_ms: int | None = None
) -> None:
    """Brings bills, of any restaurants, up to newer versions of their orders; older news change nothing.

    ``lock_wait_ms``: no longer than that for whoever holds one of them; None: as long as any statement.
    Raises BillInconsistent for figures that do not add up.
    """
    newest = newest_of_each(news)
    for one in newest:
        parts_of(one.bill.charges)
    for saved in await bills.save_bills(tx, newest, now, lock_wait_ms):
        if saved.is_closed_with_money:
            _log.error(
                "a cancelled order has money on it", order_id=str(saved.order_id), paid_minor=saved.paid_minor
            )


async def close_bill(db: Database, command: CloseBill, answer: Answer[None, M]) -> M:
    """Lets no more money onto the bill of an order. Closed twice is closed. Raises BillHasMoney."""

    async def close(tx: Transaction) -> None:
        await bills.close_bill(tx, command.order_id, db.clock.now())
        # Looked at after the statement that waits for whoever writes the bill, or makes it, at this moment.
        bill = await bills.lock_bill(tx, command.order_id)
        if bill is not None:
            check_closable(bill)

    return await execute(db, command, answer, close)
