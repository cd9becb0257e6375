"""What every change has in common: change under a lock, store, publish."""

from dataclasses import dataclass

from fynlo.orders.v1 import orders_pb2

from chassis.clock import Clock
from chassis.db import Database, Transaction
from services.orders.domain.change import Change, Command, numbered
from services.orders.domain.order import Actor
from services.orders.store import orders as store
from services.orders.usecases.copies import Copies
from services.orders.usecases.ports import Ask, Peers
from services.orders.wire.events import published
from services.orders.wire.orders import order_message


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What the use cases work with, made once per process."""

    db: Database
    clock: Clock
    peers: Peers
    copies: Copies

    def command(self, ask: Ask, reason: str = "") -> Command:
        """The command of a request, given now."""
        return Command(ask.id, ask.actor, self.clock.now(), reason)

    def own_command(self, command_id: str, reason: str = "") -> Command:
        """A command that the service gives itself."""
        return Command(command_id, Actor("", "orders"), self.clock.now(), reason)


async def apply(tx: Transaction, change: Change) -> Change:
    """Stores a change of a locked order and publishes its events; answers it with the order's number."""
    number = await store.save(tx, change)
    if number != change.order.number:
        change = numbered(change, number)
    publish(tx, change, order_message(change.order))
    return change


def publish(tx: Transaction, change: Change, order: orders_pb2.Order) -> None:
    """Emits every event. Whatever was accepted can be published: see wire.events."""
    for event in published(change, order):
        tx.emit(event, subject_id=order.id)
