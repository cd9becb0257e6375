"""What every change has in common: claim the key, change under a lock, store, publish, remember the reply."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from fynlo.orders.v1 import orders_pb2

from chassis.clock import Clock
from chassis.db import Database, Transaction
from chassis.idempotency import StoredReply
from services.orders.domain.change import Change, Command, numbered
from services.orders.domain.order import Actor
from services.orders.store import orders as store
from services.orders.usecases.copies import Copies
from services.orders.usecases.ports import Answer, Ask, M, Peers
from services.orders.wire.events import published
from services.orders.wire.orders import order_message

CHANGED_RESTAURANTS_MAX = 10_000


class Changed:
    """Restaurants whose figures have changed since the last look. The oldest fall out above the limit."""

    def __init__(self) -> None:
        self._tenants: OrderedDict[UUID, None] = OrderedDict()

    def note(self, tenant: UUID) -> None:
        """Something of this restaurant changed."""
        self._tenants[tenant] = None
        if len(self._tenants) > CHANGED_RESTAURANTS_MAX:
            self._tenants.popitem(last=False)

    def take(self) -> list[UUID]:
        """All that changed since the last call."""
        taken = list(self._tenants)
        self._tenants.clear()
        return taken


@dataclass(frozen=True, slots=True)
class Shop:
    """What the use cases work with, made once per process."""

    db: Database
    clock: Clock
    peers: Peers
    copies: Copies
    changed: Changed = field(default_factory=Changed)

    def command(self, ask: Ask, reason: str = "") -> Command:
        """The command of a request, given now."""
        return Command(ask.command_id, ask.actor, self.clock.now(), reason)

    def own_command(self, command_id: str, reason: str = "") -> Command:
        """A command that the service gives itself."""
        return Command(command_id, Actor("", "orders"), self.clock.now(), reason)


async def once(
    shop: Shop, ask: Ask, reply_type: type[M], work: Callable[[Transaction], Awaitable[M]]
) -> Answer[M]:
    """Runs ``work`` in one transaction, exactly once per key; later requests get the first reply.

    Raises what ``work`` raises, IdempotencyInFlight, IdempotencyKeyReuse.
    """
    async with shop.db.transaction(ask.tenant, claiming=ask.key) as tx:
        stored = await tx.claim(ask.key)
        if stored is not None:
            return Answer(reply_type.FromString(stored.reply), replayed=True)
        reply = await work(tx)
        tx.remember(reply.SerializeToString())
    shop.changed.note(ask.tenant)
    return Answer(reply)


async def answered_before(shop: Shop, ask: Ask) -> StoredReply | None:
    """The reply of an earlier request with this key: looked for before a peer is asked for an effect.

    Raises IdempotencyInFlight, IdempotencyKeyReuse.
    """
    async with shop.db.transaction(ask.tenant, readonly=True) as tx:
        return await tx.peek(ask.key)


async def apply(tx: Transaction, change: Change, command_id: str) -> Change:
    """Stores a change of a locked order and publishes its facts; answers it with the order's number."""
    number = await store.save(tx, change)
    if number != change.order.number:
        change = numbered(change, number)
    publish(tx, change, order_message(change.order), command_id)
    return change


def publish(tx: Transaction, change: Change, order: orders_pb2.Order, command_id: str) -> None:
    """Emits every fact. Whatever was accepted can be published: see wire.events."""
    for event in published(change, order):
        tx.emit(event, subject_id=order.id, command_id=command_id or None)
