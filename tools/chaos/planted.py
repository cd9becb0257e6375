"""Mistakes on purpose: one function of a process is replaced before its normal main runs.

The checkers must find each of them; a green run means little otherwise. `python -m tools.chaos.planted FILE
MODULE` runs MODULE with the mistake that FILE names for it (JSON, module -> mistake); without one, as it is.
"""

import asyncio
import contextlib
import json
import random
import runpy
import sys
from collections.abc import Callable, Sequence
from contextvars import Context, ContextVar
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

ACKED_EARLY_SECONDS = 0.3
"""How long an event that is acknowledged already is not handled yet."""
PUBLISHED_EARLY_SECONDS = 0.3
COMMITTED_LATE_SECONDS = 0.5
READ_EARLY_SECONDS = 0.05
DROPPED_ONE_IN = 10


def no_claim() -> None:
    """Every idempotency key is new: a repeated request has its effect again."""
    from chassis.db import Transaction

    original = Transaction._begin

    async def begin_without(self: Transaction, connection: Any, begin: str) -> None:
        self._key = None
        await original(self, connection, begin)

    def remember(self: Transaction, reply: bytes) -> None:
        return None

    Transaction._begin = begin_without  # type: ignore[method-assign]
    Transaction.remember = remember  # type: ignore[method-assign]


def resume_off_by_one() -> None:
    """A device that comes back goes on one event too late."""
    from services.realtime.hub.channel import Channel
    from services.realtime.hub.delivery import Delivery
    from services.realtime.hub.session import Session

    attach = Delivery.attach

    def attach_late(self: Delivery, session: Session, channel: Channel, cursor: int) -> None:
        attach(self, session, channel, cursor + 1)

    Delivery.attach = attach_late  # type: ignore[method-assign]


def ack_before_commit() -> None:
    """An event counts as handled before it is: a crash in between loses it."""
    from nats.aio.msg import Msg

    from chassis.messaging.inbox import Consumer

    async def settle(self: Consumer, msg: Msg) -> None:
        await msg.ack()
        await asyncio.sleep(ACKED_EARLY_SECONDS)
        await self._handle(msg.subject, msg.headers or {}, msg.data, 1)

    Consumer._settle = settle  # type: ignore[method-assign]


def no_inbox() -> None:
    """What comes twice has its effect twice. Acknowledgements get lost, so that things do come twice."""
    from nats.aio.msg import Msg

    from chassis.db import Transaction
    from chassis.messaging.inbox import Consumer
    from services.orders.store import payment as store

    settle = Consumer._settle
    insert = store.insert_payment

    async def receive(self: Consumer, tx: Transaction, msg_id: UUID, delivery: int) -> bool:
        return True

    async def settle_unheard(self: Consumer, msg: Msg) -> None:
        if msg.metadata.num_delivered > 1:
            await settle(self, msg)
        else:
            await self._handle(msg.subject, msg.headers or {}, msg.data, 1)

    async def insert_again(*args: Any) -> bool:
        await insert(*args)
        return True

    Consumer._receive = receive  # type: ignore[method-assign]
    Consumer._settle = settle_unheard  # type: ignore[method-assign]
    store.insert_payment = insert_again  # type: ignore[assignment]


def publish_before_commit() -> None:
    """Events leave before what they speak of is committed: a crash in between announces what never was."""
    from chassis.db import Database, TransactionBlock

    commit = TransactionBlock._commit
    announcing: ContextVar[bool] = ContextVar("announcing", default=False)

    async def announce(database: Database, tenant: UUID | None, events: list[Any]) -> None:
        announcing.set(True)
        async with database.transaction(tenant) as early:
            early._events = events

    async def commit_late(self: TransactionBlock) -> bool:
        transaction = self._transaction
        if transaction._events and not announcing.get():
            events, transaction._events = transaction._events, []
            announced = announce(self._database, transaction.tenant, events)
            await asyncio.create_task(announced, context=Context())  # its own: one task, one transaction
            await asyncio.sleep(PUBLISHED_EARLY_SECONDS)
        return await commit(self)

    TransactionBlock._commit = commit_late  # type: ignore[method-assign]


def _commit_sometimes_late() -> None:
    """One commit of four keeps the ids that it has drawn to itself for a while: what else does it, only more
    often.
    """
    from chassis.db import TransactionBlock

    commit = TransactionBlock._commit

    async def commit_sometimes_late(self: TransactionBlock) -> bool:
        if not random.randrange(4):
            await self._transaction._write_records(self._transaction._calls(self._database.clock))
            self._transaction._events, self._transaction._key = [], None
            await asyncio.sleep(COMMITTED_LATE_SECONDS)
            await commit(self)
            return True
        return await commit(self)

    TransactionBlock._commit = commit_sometimes_late  # type: ignore[method-assign]


def bigserial_poller() -> None:
    """The relay asks for what is newer than the newest that it has seen: what commits late it never finds."""
    from chassis.messaging.relay import Leadership

    following = Leadership.next
    newest = 0

    async def newer(self: Leadership, *args: Any) -> list[Any]:
        nonlocal newest
        # Ids of messages grow like those of the outbox: both are drawn before the commit.
        rows = [row for row in await following(self, *args) if row["msg_id"].int > newest]
        newest = max((row["msg_id"].int for row in rows), default=newest)
        return rows

    _commit_sometimes_late()
    Leadership.next = newer  # type: ignore[method-assign, assignment]


def numbers_given_twice() -> None:
    """The relay publishes before its numbers are kept, and dies in between: the next one gives them again, to
    what has come meanwhile.
    """
    from chassis.messaging.relay import Leadership

    following = Leadership.next
    died = False

    async def next_unkept(self: Leadership, *args: Any) -> list[Any]:
        nonlocal died
        if died:
            died = False
            raise ConnectionError("planted: the relay died after it had published")
        if random.randrange(4):
            return await following(self, *args)
        with contextlib.suppress(KeyError):
            async with self.connection.transaction():
                rows = await following(self, *args)
                raise KeyError
        died = bool(rows)
        return rows

    _commit_sometimes_late()
    Leadership.next = next_unkept  # type: ignore[method-assign, assignment]


def drop_on_slow_consumer() -> None:
    """A frame that a socket does not take at once is dropped, and nobody is told."""
    from services.realtime.hub.channel import Channel
    from services.realtime.hub.delivery import Delivery
    from services.realtime.hub.effects import Drop

    fan_out = Delivery.fan_out

    def fan_out_to_some(self: Delivery, channel: Channel) -> Sequence[Drop]:
        slow = [session for session in channel.live if not random.randrange(DROPPED_ONE_IN)]
        dropped = {session: channel.live.pop(session) for session in slow}
        drops = fan_out(self, channel)
        channel.live.update(dropped)
        return drops

    Delivery.fan_out = fan_out_to_some  # type: ignore[method-assign]


def stock_read_modify_write() -> None:
    """Levels are read, changed and written back without a lock."""
    from services.catalog.store import stock as store

    store.LOCK_LEVELS = store.LOCK_LEVELS.replace(" FOR UPDATE OF s", "")
    lock_levels = store.lock_levels

    async def read_levels(*args: Any) -> Any:
        levels = await lock_levels(*args)
        await asyncio.sleep(READ_EARLY_SECONDS)
        return levels

    store.lock_levels = read_levels  # type: ignore[assignment]


def payment_without_ledger() -> None:
    """Money is taken and not booked."""
    from services.payments.store import payment as store

    store.RECORD_PAYMENT = _replaced(
        _replaced(
            store.RECORD_PAYMENT,
            "VALUES ($1, $31, 'payment', $18, $19, $2, $16, $20)",
            "SELECT $1, $31::uuid, 'payment', $18, $19, $2, $16, $20 WHERE false",
        ),
        "AS entry (account, rate, debit, credit, position)",
        "AS entry (account, rate, debit, credit, position) WHERE false",
    )


def options_not_charged() -> None:
    """What is chosen beside an item costs nothing."""
    from services.orders.domain.order import basket
    from services.orders.domain.order.choosing import choose

    def choose_for_nothing(*args: Any, **more: Any) -> Any:
        found = choose(*args, **more)
        return tuple(replace(picked, option=replace(picked.option, price_delta_minor=0)) for picked in found)

    basket.choose = choose_for_nothing  # type: ignore[attr-defined]


def voids_not_reckoned() -> None:
    """What is taken off an order again stays on its bill."""
    from services.orders.domain.order import line as lines

    less = lines.of_quantity

    def as_dear_as_before(line: Any, quantity: int) -> Any:
        after = less(line, quantity)
        return replace(after, gross_minor=line.gross_minor) if quantity < line.quantity else after

    lines.of_quantity = as_dear_as_before


def checks_paid_again() -> None:
    """What was taken for a check is not looked at when somebody pays it."""
    from services.payments.domain.check import amount_for_check as amount
    from services.payments.usecases import payment

    def amount_whatever_was_taken(check: Any, taken_minor: int, *others: Any) -> int:
        return amount(replace(check, paid_minor=0), 0, *others)

    payment.amount_for_check = amount_whatever_was_taken  # type: ignore[attr-defined, assignment]


def lines_lost_on_tickets() -> None:
    """Of several lines that are fired together the last one reaches no cook."""
    from services.orders.domain import firing

    fire_lines = firing._fire_lines

    def fire_all_but_one(order: Any, lines: Sequence[Any], *others: Any) -> Any:
        return fire_lines(order, lines[:-1] if len(lines) > 1 else lines, *others)

    firing._fire_lines = fire_all_but_one  # type: ignore[assignment]


def deliveries_booked_twice() -> None:
    """Goods that came are on the shelf and in the movements twice."""
    from services.catalog.domain.movement import MovementKind
    from services.catalog.domain.movement import book_told as book
    from services.catalog.usecases.stock import recording

    def book_twice(before: Any, told: Any, *others: Any) -> Any:
        delivered = told.kind is MovementKind.DELIVERY
        return book(before, replace(told, quantity=2 * told.quantity) if delivered else told, *others)

    recording.book_told = book_twice  # type: ignore[attr-defined, assignment]


def _replaced(text: str, old: str, new: str) -> str:
    """As str.replace, of something that is there."""
    if old not in text:
        raise ValueError(f"there is no {old!r} to replace")
    return text.replace(old, new)


MISTAKES: dict[str, Callable[[], None]] = {
    "no-claim": no_claim,
    "resume-off-by-one": resume_off_by_one,
    "ack-before-commit": ack_before_commit,
    "no-inbox": no_inbox,
    "publish-before-commit": publish_before_commit,
    "bigserial-poller": bigserial_poller,
    "numbers-given-twice": numbers_given_twice,
    "drop-on-slow-consumer": drop_on_slow_consumer,
    "stock-read-modify-write": stock_read_modify_write,
    "payment-without-ledger": payment_without_ledger,
    "options-not-charged": options_not_charged,
    "voids-not-reckoned": voids_not_reckoned,
    "checks-paid-again": checks_paid_again,
    "lines-lost-on-tickets": lines_lost_on_tickets,
    "deliveries-booked-twice": deliveries_booked_twice,
}


def plant(file: Path, mistakes: dict[str, str]) -> None:
    """From their next start on, the processes of these modules (`services.orders`) have these mistakes."""
    unknown = set(mistakes.values()) - set(MISTAKES)
    if unknown:
        raise ValueError(f"there are no such mistakes: {unknown}")
    file.write_text(json.dumps(mistakes))


def main(file: Path, module: str) -> None:
    """Runs ``module`` as `python -m` would."""
    planted = json.loads(file.read_text()) if file.exists() else {}
    if module in planted:
        MISTAKES[planted[module]]()
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
