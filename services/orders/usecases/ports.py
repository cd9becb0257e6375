"""What a use case is given: who asks, the database, the peers, the copies."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from uuid import UUID

from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.common.v1 import common_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from google.protobuf.message import Message

from chassis.db.commands import Command
from services.orders.domain.order import Actor, Line

M = TypeVar("M", bound=Message)
R = TypeVar(
    "R",
    orders_api.ValidateOrderResponse,
    orders_api.FireOrderResponse,
    orders_api.CompleteOrderResponse,
    orders_api.CancelOrderResponse,
    orders_api.SetOrderStatusResponse,
)
"""Replies that hold nothing but the order."""


@dataclass(frozen=True, slots=True)
class Ask(Command):
    """One request for a change, and who makes it."""

    actor: Actor


class Peers(Protocol):
    """What other services answer. Calls raise the problem that the peer raised, or Unavailable."""

    async def restaurant(self, tenant: UUID) -> common_pb2.RestaurantSettings:
        """The settings of a restaurant, asked as this service."""
        ...

    async def menu(self, tenant: UUID, since_version: int) -> catalog_api.GetMenuResponse:
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
