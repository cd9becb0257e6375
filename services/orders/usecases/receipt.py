"""Bills and receipts: the first of each is the original, and all that follow say that they are copies."""

from dataclasses import dataclass
from uuid import UUID

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, M, execute
from services.orders.domain.check_receipt import check_receipt_of
from services.orders.domain.errors import OrderNotFound
from services.orders.domain.order.order import Order
from services.orders.domain.paper.document import Document, Form, document_of
from services.orders.domain.receipt import Mark, Receipt, ReceiptKind, receipt_of, receipt_paper
from services.orders.domain.restaurant import RestaurantCopy
from services.orders.store import receipt as store
from services.orders.store.order import find_order
from services.orders.usecases.ports import Command, Dependencies
from services.orders.usecases.restaurant import restaurant_on_paper
from services.orders.wire.enums import ALLERGENS


@dataclass(frozen=True, slots=True)
class WantedReceipt:
    """Of which order, or of which check of it, and how it is told."""

    order_id: UUID
    form: Form
    width: int
    check_id: UUID | None = None
    with_allergens: bool = False
    is_preview: bool = False


async def give_receipt(
    deps: Dependencies, command: Command, wanted: WantedReceipt, answer: Answer[Document, M]
) -> M:
    """The bill of an order that is still to pay, or the receipt of one that is paid. What is handed out is
    recorded; a retry gets the very same. Raises OrderNotFound, NothingToPrint, UnknownCheck.
    """
    restaurant = await restaurant_on_paper(deps, command.tenant)
    if wanted.is_preview:
        async with deps.db.transaction(command.tenant, readonly=True) as tx:
            _, receipt = await read_receipt(tx, wanted.order_id, wanted.check_id, restaurant)
        return answer.tell(_told(receipt, Mark.PREVIEW, wanted))

    async def give(tx: Transaction) -> Document:
        order, receipt = await read_receipt(tx, wanted.order_id, wanted.check_id, restaurant)
        return _told(receipt, await mark_of(deps, tx, command, order, receipt), wanted)

    return await execute(deps.db, command, answer, give)


async def read_receipt(
    tx: Transaction, order_id: UUID, check_id: UUID | None, restaurant: RestaurantCopy
) -> tuple[Order, Receipt]:
    """The order and what its paper says now, or that of a check. Raises OrderNotFound, NothingToPrint,
    UnknownCheck."""
    order = await find_order(tx, order_id)
    if order is None:
        raise OrderNotFound("There is no such order.")
    tenders = await store.find_tenders(tx, order_id)
    if check_id is None:
        return order, receipt_of(order, restaurant, tenders)
    return order, check_receipt_of(order, check_id, restaurant, tenders)


async def mark_of(
    deps: Dependencies, tx: Transaction, command: Command, order: Order, receipt: Receipt
) -> Mark:
    """Hands the paper out: whether it is the original. A copy of a receipt is kept in the record, for one can
    be claimed with."""
    at, by = deps.clock.now(), command.actor.user_id
    copies = await store.issue_receipt(tx, order.id, receipt.document, at, by)
    if not copies:
        return Mark.ORIGINAL
    if receipt.kind is ReceiptKind.RECEIPT:
        of_check = {} if receipt.check is None else {"check_id": receipt.check.id}
        audit(tx, "orders.receipt_copied", number=order.number, copies=copies, order_id=order.id, **of_check)
    return Mark.COPY


def _told(receipt: Receipt, mark: Mark, wanted: WantedReceipt) -> Document:
    shown = receipt_paper(receipt, mark, ALLERGENS if wanted.with_allergens else None)
    return document_of(shown, wanted.form, receipt.name, wanted.width)
