"""Quoting, placing and validating: everything that computes a bill."""

from dataclasses import dataclass, replace
from typing import Generic
from uuid import UUID

from fynlo.orders.v1 import orders_pb2, orders_service_pb2

from chassis.db import Transaction
from chassis.errors import Problem, Unavailable, Unprocessable
from services.orders.domain import commands
from services.orders.domain.change import Change, numbered
from services.orders.domain.errors import OrderExists
from services.orders.domain.order import Lifecycle, Line, Order
from services.orders.domain.placing import (
    Basket,
    WantedOrder,
    price_basket,
    refuse_empty,
    wanted_again,
)
from services.orders.store import copies as copy_store
from services.orders.store import orders as store
from services.orders.store.orders import InsertedMeanwhile
from services.orders.usecases.copies import Known
from services.orders.usecases.ports import Answer, Ask, R
from services.orders.usecases.reading import get_order
from services.orders.usecases.work import Shop, apply, once, publish
from services.orders.wire.orders import order_message, wanted_order

STALE_ATTEMPTS = 3
"""How often an order is priced anew because menu, settings or stations changed meanwhile."""

Placed = Answer[orders_service_pb2.PlaceOrderResponse]


class UnknownMenuVersion(Unprocessable):
    """The client names a menu version that does not exist yet."""


class StaleCopies(Exception):
    """What the order was priced with is no longer the newest: price it anew."""


async def quote_order(
    shop: Shop, ask_tenant: UUID, draft: orders_service_pb2.OrderDraft
) -> orders_service_pb2.QuoteOrderResponse:
    """The bill of a basket as it would be placed now, without id and number. Raises as place_order."""
    wanted = wanted_order(draft)
    refuse_empty(wanted.lines)
    known = await _known(shop, ask_tenant, wanted.menu_version)
    at = shop.clock.now()
    terms = known.terms(at)
    basket = price_basket(wanted.lines, wanted.order_type, wanted.menu_version, known.menu, terms)
    command = shop.own_command("")
    change = commands.open_draft(wanted, basket, terms, known.menu.version, ask_tenant, command)
    message = order_message(change.order)
    message.ClearField("id")
    message.ClearField("placed_by")
    return orders_service_pb2.QuoteOrderResponse(order=message)


async def place_order(shop: Shop, ask: Ask, draft: orders_service_pb2.OrderDraft) -> Placed:
    """Takes an order (or keeps a draft): prices, reserves tracked stock, numbers, fires what need not wait.

    The same order id again: with the same content the stored order, with other content OrderExists. Raises
    ItemUnavailable, MenuOutdated, EmptyOrder, LineRefused, UnknownTable, UnknownCustomer, UnknownMenuVersion,
    OrderTooLarge, what catalog raises (INSUFFICIENT_STOCK), Unavailable.
    """
    wanted = wanted_order(draft)
    if not wanted.draft:
        refuse_empty(wanted.lines)
    reserved = False
    for _ in range(STALE_ATTEMPTS):
        try:
            known = await _known(shop, ask.tenant, wanted.menu_version)
            change = _place(shop, ask, wanted, known)
            if not wanted.draft:
                reserved = await _reserve(shop, wanted.id, change.order.lines) or reserved
        except Problem as refusal:
            return await _answer_given_before(shop, ask, wanted, refusal, reserved)
        try:
            answer = await _insert(shop, ask, wanted, change, known)
        except (StaleCopies, InsertedMeanwhile):
            shop.copies.forget(ask.tenant)
            continue
        except Unavailable:
            raise  # whether it was stored is not known: catalog lets go of the hold if it was not
        except Problem:
            await _give_back(shop, wanted, reserved)
            raise
        if answer.replayed:
            await _give_back(shop, wanted, reserved)
        return answer
    raise Unavailable("The menu is changing; try again.", reason="MENU_IN_FLUX")


async def validate_order(shop: Shop, ask: Ask, order_id: UUID, reply_type: type[R]) -> Answer[R]:
    """A draft becomes an order: prices are those of now, stock is reserved, a number is given.

    Raises OrderNotFound, IllegalTransition, and as place_order.
    """
    for _ in range(STALE_ATTEMPTS):
        draft = await get_order(shop, ask.tenant, order_id)
        priced = await _price_draft(shop, ask.tenant, draft) if draft.lifecycle is Lifecycle.DRAFT else None
        validate = _Validation(shop, ask, draft, priced, reply_type)
        try:
            return await once(shop, ask, reply_type, validate.store)
        except StaleCopies:
            shop.copies.forget(ask.tenant)
    raise Unavailable("The menu is changing; try again.", reason="MENU_IN_FLUX")


@dataclass(frozen=True, slots=True)
class _Validation(Generic[R]):
    """A draft that was read and priced outside a transaction, to be stored in one."""

    shop: Shop
    ask: Ask
    draft: Order
    priced: tuple[Basket, Known] | None
    reply_type: type[R]

    async def store(self, tx: Transaction) -> R:
        """Raises StaleCopies when a copy has changed since, IllegalTransition when the order has."""
        held = await store.lock_order(tx, self.draft.id)
        if self.priced is None or held.order.version != self.draft.version:
            raise commands.illegal(held.order, "validate")
        basket, known = self.priced
        if await copy_store.find_versions(tx) != known.versions:
            raise StaleCopies
        command = self.shop.command(self.ask)
        terms = known.terms(command.at)
        change = commands.validate(held, basket, terms, known.menu.version, known.stations, command)
        change = await apply(tx, change, self.ask.command_id)
        return self.reply_type(order=order_message(change.order))


async def _known(shop: Shop, tenant: UUID, menu_version: int) -> Known:
    known = await shop.copies.get(tenant, menu_version)
    if known.menu.version < menu_version:
        raise UnknownMenuVersion(f"The newest menu is version {known.menu.version}.")
    return known


def _place(shop: Shop, ask: Ask, wanted: WantedOrder, known: Known) -> Change:
    command = shop.command(ask)
    terms, menu = known.terms(command.at), known.menu
    basket = price_basket(wanted.lines, wanted.order_type, wanted.menu_version, menu, terms)
    if wanted.draft:
        return commands.open_draft(wanted, basket, terms, menu.version, ask.tenant, command)
    return commands.place(wanted, basket, terms, menu.version, ask.tenant, known.stations, command)


async def _insert(shop: Shop, ask: Ask, wanted: WantedOrder, change: Change, known: Known) -> Placed:
    async with shop.db.transaction(ask.tenant) as tx:
        stored = await tx.claim(ask.key)
        if stored is not None:
            reply = orders_service_pb2.PlaceOrderResponse.FromString(stored.reply)
            return Answer(reply, replayed=True)
        inserted = await store.insert_order(tx, change, known.versions)
        if inserted.taken:
            return await _stored_before(tx, wanted)
        if inserted.number is None:
            raise StaleCopies
        message = _publish_new(tx, numbered(change, inserted.number), ask.command_id)
        reply = orders_service_pb2.PlaceOrderResponse(order=message)
        tx.remember(reply.SerializeToString())
    shop.changed.note(ask.tenant)
    return Answer(reply)


def _publish_new(tx: Transaction, change: Change, command_id: str) -> orders_pb2.Order:
    message = order_message(change.order)
    publish(tx, change, message, command_id)
    return message


async def _stored_before(tx: Transaction, wanted: WantedOrder) -> Placed:
    order = await store.find_order(tx, wanted.id)
    if order is None or order.content_hash != wanted.content_hash:
        raise OrderExists(f"Another order has the id {wanted.id}.")
    reply = orders_service_pb2.PlaceOrderResponse(order=order_message(order))
    tx.remember(reply.SerializeToString())
    return Answer(reply, replayed=True)


async def _answer_given_before(
    shop: Shop, ask: Ask, wanted: WantedOrder, refusal: Problem, reserved: bool
) -> Placed:
    """What would be refused now may have been accepted before: then that answer counts, else the refusal."""
    try:
        async with shop.db.transaction(ask.tenant) as tx:
            stored = await tx.claim(ask.key)
            if stored is not None:
                reply = orders_service_pb2.PlaceOrderResponse.FromString(stored.reply)
                return Answer(reply, replayed=True)
            if wanted.id_from_client and await store.find_order(tx, wanted.id) is not None:
                return await _stored_before(tx, wanted)
            raise refusal
    except Problem as problem:
        if problem is refusal:
            await _give_back(shop, replace(wanted, id_from_client=False), reserved)
        raise


async def _reserve(shop: Shop, order_id: UUID, lines: tuple[Line, ...]) -> bool:
    tracked = [line for line in lines if line.stock_tracked]
    if tracked:
        await shop.peers.reserve_stock(order_id, tracked)
    return bool(tracked)


async def _give_back(shop: Shop, wanted: WantedOrder, reserved: bool) -> None:
    """Releases the hold of an id that this request made up.

    An id that the client chose may be another request's order: catalog lets go of such a hold by itself,
    once it has asked for the order.
    """
    if reserved and not wanted.id_from_client:
        await shop.peers.release_stock(wanted.id)


async def _price_draft(shop: Shop, tenant: UUID, draft: Order) -> tuple[Basket, Known]:
    refuse_empty(draft.lines)
    known = await _known(shop, tenant, 0)
    terms = known.terms(shop.clock.now())
    basket = price_basket(wanted_again(draft), draft.order_type, 0, known.menu, terms)
    await _reserve(shop, draft.id, basket.lines)
    return basket, known
