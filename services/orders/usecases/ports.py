"""What a use case is given: the command, the database, the peers, the copies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from chassis.clock import Clock
from chassis.db import Database, commands
from services.orders.domain.menu import MenuNews
from services.orders.domain.order.change import Stamp
from services.orders.domain.order.order import Actor, Line
from services.orders.domain.restaurant import RestaurantCopy

if TYPE_CHECKING:
    from services.orders.usecases.copies import Copies


@dataclass(frozen=True, slots=True)
class Command(commands.Command):
    """A request for a change, and who makes it."""

    actor: Actor


class Peers(Protocol):
    """What other services answer. Calls raise the problem that the peer raised, or Unavailable."""

    async def restaurant(self, tenant: UUID) -> RestaurantCopy:
        """The settings of a restaurant, asked as this service."""
        ...

    async def menu(self, tenant: UUID, since_version: int) -> MenuNews:
        """The menu, or what changed since a version, asked as this service."""
        ...

    async def reserve_stock(self, order_id: UUID, lines: Sequence[Line]) -> None:
        """All lines or none, asked for the caller; again: no second effect."""
        ...

    async def release_stock(self, order_id: UUID) -> None:
        """Gives back what an order that was not placed reserved, asked for the caller."""
        ...

    async def close_bill(self, tenant: UUID, order_id: UUID) -> None:
        """No more payments on the order; again: no second effect. Raises MoneyOnBill.

        Anything else it raises (Unavailable mostly) says nothing about the bill: it may be closed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What the use cases work with, made once per process."""

    db: Database
    clock: Clock
    peers: Peers
    copies: "Copies"

    def stamp(self, command: Command, reason: str = "") -> Stamp:
        """The stamp of a request, as of now."""
        return Stamp(command.id, command.actor, self.clock.now(), reason)

    def own_stamp(self, command_id: str, reason: str = "") -> Stamp:
        """The stamp of a change that the service makes by itself."""
        return Stamp(command_id, Actor("", "orders"), self.clock.now(), reason)
