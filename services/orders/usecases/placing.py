"""Quoting, placing and validating: everything that computes a bill."""

from dataclasses import dataclass
from typing import Generic
from uuid import UUID

from fynlo.orders.v1 import orders_service_pb2 as orders_api

from chassis.db import Transaction
from chassis.db.commands import answered, execute
from chassis.db.idempotency import IdempotencyInFlight
from chassis.errors import Problem, Unavailable, Unprocessable
from chassis.ids import derived_id, new_id
from chassis.rpc import mark_replayed
from services.orders.domain import commands, guards
from services.orders.domain.change import Change, numbered
from services.orders.domain.errors import LineRefused, OrderExists
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
from services.orders.usecases.ports import Ask, R
from services.orders.usecases.reading import get_order
from services.orders.usecases.work import Dependencies, apply, publish
from services.orders.wire.events import check_size
from services.orders.wire.orders import order_message, wanted_order

STALE_ATTEMPTS = 3
"""How often an order is priced anew because menu, settings or stations changed meanwhile."""
NOT_IN_COPY = frozenset({"UNKNOWN_ITEM", "UNKNOWN_OPTION"})
"""Refusals that a menu newer than the copy may turn into a sale."""

Placed = orders_api.PlaceOrderResponse


class UnknownMenuVersion(Unprocessable):
    """The client names a menu version that does not exist yet."""


class StaleCopies(Exception):
    """What the order was priced with is no longer the newest: price it anew."""


async def quote_order(
    deps: Dependencies, ask_tenant: UUID, draft: orders_api.OrderDraft
) -> orders_api.QuoteOrderResponse:
    """The bill of a basket as it would be placed now, without id and number. Raises as place_order."""
    wanted = wanted_order(draft, new_id())
    refuse_empty(wanted.lines)
    known = _not_older(await deps.copies.get_proven(ask_tenant, wanted.menu_version), wanted.menu_version)
    terms = known.terms(deps.clock.now())
    try:
        basket = price_basket(wanted.lines, wanted.order_type, wanted.menu_version, known.menu, terms)
    except LineRefused as refusal:
        if not await _is_news(deps, ask_tenant, known, refusal):
            raise
        known = await deps.copies.get_proven(ask_tenant)
        basket = price_basket(wanted.lines, wanted.order_type, wanted.menu_version, known.menu, terms)
    command = deps.own_command("")
    change = commands.open_draft(wanted, basket, terms, known.menu.version, ask_tenant, command)
    message = order_message(change.order)
    message.ClearField("id")
    message.ClearField("placed_by")
    return orders_api.QuoteOrderResponse(order=message)


async def place_order(deps: Dependencies, ask: Ask, draft: orders_api.OrderDraft) -> Placed:
    """Takes an order (or keeps a draft): prices, reserves tracked stock, numbers, fires what need not wait.

    The same order id again: with the same content the stored order, with other content OrderExists. Raises
    ItemUnavailable, MenuOutdated, EmptyOrder, LineRefused, UnknownTable, UnknownCustomer, UnknownMenuVersion,
    OrderTooLarge, what catalog raises (INSUFFICIENT_STOCK), Unavailable.
    """
    wanted = wanted_order(draft, _id_of(ask))
    if not wanted.draft:
        refuse_empty(wanted.lines)
    attempt = _Placing(deps, ask, wanted)
    for _ in range(STALE_ATTEMPTS):
        try:
            return await attempt.run()
        except (StaleCopies, InsertedMeanwhile):
            deps.copies.forget(ask.tenant)
    raise Unavailable("The menu is changing; try again.", reason="MENU_IN_FLUX")


def _id_of(ask: Ask) -> UUID:
    """The id of the order that a request makes, where the client names none: a retry makes the same order."""
    return derived_id(ask.tenant, ask.key.scope, ask.key.key, ask.key.request_hash)


@dataclass(slots=True)
class _Placing:
    """One request to place an order, over its attempts."""

    deps: Dependencies
    ask: Ask
    wanted: WantedOrder
    reserved: bool = False

    async def run(self) -> Placed:
        """One attempt. Raises StaleCopies or InsertedMeanwhile where another one is due."""
        known = await self.deps.copies.get(self.ask.tenant, self.wanted.menu_version)
        try:
            _not_older(known, self.wanted.menu_version)
            change = self._price(known)
            if not self.wanted.draft and _tracked(change.order.lines):
                before = await answered(self.deps.db, self.ask, Placed)
                if before is not None:
                    return before
                self.reserved |= await _reserve(self.deps, self.wanted.id, change.order.lines)
        except Problem as refusal:
            try:
                return await self._answer_given_before(known, refusal)
            except LineRefused as final:
                if await _is_news(self.deps, self.ask.tenant, known, final):
                    raise StaleCopies from final
                raise
        try:
            return await self._insert(change, known)
        except (Unavailable, IdempotencyInFlight):
            raise  # whether it is stored, here or by its twin, is not known: catalog lets go of what is not
        except Problem:
            await self._give_back()
            raise

    def _price(self, known: Known) -> Change:
        wanted, command, menu = self.wanted, self.deps.command(self.ask), known.menu
        terms, tenant = known.terms(command.at), self.ask.tenant
        basket = price_basket(wanted.lines, wanted.order_type, wanted.menu_version, menu, terms)
        if wanted.draft:
            change = commands.open_draft(wanted, basket, terms, menu.version, tenant, command)
        else:
            change = commands.place(wanted, basket, terms, menu.version, tenant, known.stations, command)
        check_size(order_message(change.order))
        return change

    async def _insert(self, change: Change, known: Known) -> Placed:
        async def insert(tx: Transaction) -> Placed:
            inserted = await store.insert_order(tx, change, known.versions)
            if inserted.taken:
                return await self._stored_before(tx)
            if inserted.number is None:
                raise StaleCopies
            placed = numbered(change, inserted.number)
            message = order_message(placed.order)
            publish(tx, placed, message)
            return Placed(order=message)

        return await execute(self.deps.db, self.ask, Placed, insert)

    async def _answer_given_before(self, known: Known, refusal: Problem) -> Placed:
        """What would be refused now may have been accepted before: then that answer counts.

        Otherwise the refusal, unless it came from copies that are not the newest.
        """

        async def look(tx: Transaction) -> Placed:
            if await store.find_order(tx, self.wanted.id) is not None:
                return await self._stored_before(tx)
            if await copy_store.find_versions(tx) != known.versions:
                raise StaleCopies
            raise refusal

        try:
            return await execute(self.deps.db, self.ask, Placed, look)
        except Problem as problem:
            if problem is refusal:
                await self._give_back()
            raise

    async def _stored_before(self, tx: Transaction) -> Placed:
        order = await store.find_order(tx, self.wanted.id)
        if order is None or order.content_hash != self.wanted.content_hash:
            raise OrderExists(f"Another order has the id {self.wanted.id}.")
        mark_replayed()
        return Placed(order=order_message(order))

    async def _give_back(self) -> None:
        """Releases what this request reserved under the id that its own key gave it.

        An id that the client chose may be another request's order: catalog lets go of such a hold by itself,
        once it has asked for the order.
        """
        if self.reserved and not self.wanted.id_from_client:
            await self.deps.peers.release_stock(self.wanted.id)


async def validate_order(deps: Dependencies, ask: Ask, order_id: UUID, reply_type: type[R]) -> R:
    """A draft becomes an order: prices are those of now, stock is reserved, a number is given.

    Raises OrderNotFound, IllegalTransition, and as place_order.
    """
    for _ in range(STALE_ATTEMPTS):
        before = await answered(deps.db, ask, reply_type)
        if before is not None:
            return before
        draft = await get_order(deps, ask.tenant, order_id)
        priced = await _price_draft(deps, ask.tenant, draft) if draft.lifecycle is Lifecycle.DRAFT else None
        validate = _Validation(deps, ask, draft, priced, reply_type)
        try:
            return await execute(deps.db, ask, reply_type, validate.store)
        except StaleCopies:
            deps.copies.forget(ask.tenant)
    raise Unavailable("The menu is changing; try again.", reason="MENU_IN_FLUX")


@dataclass(frozen=True, slots=True)
class _Validation(Generic[R]):
    """A draft that was read and priced outside a transaction, to be stored in one."""

    deps: Dependencies
    ask: Ask
    draft: Order
    priced: tuple[Basket, Known] | None
    reply_type: type[R]

    async def store(self, tx: Transaction) -> R:
        """Raises StaleCopies when a copy has changed since, IllegalTransition when the order has."""
        locked = await store.lock_order(tx, self.draft.id)
        if self.priced is None or locked.order.version != self.draft.version:
            raise guards.illegal(locked.order, "validate")
        basket, known = self.priced
        if await copy_store.find_versions(tx) != known.versions:
            raise StaleCopies
        command = self.deps.command(self.ask)
        terms = known.terms(command.at)
        change = commands.validate(locked, basket, terms, known.menu.version, known.stations, command)
        check_size(order_message(change.order))
        change = await apply(tx, change)
        return self.reply_type(order=order_message(change.order))


async def _is_news(deps: Dependencies, tenant: UUID, known: Known, refusal: LineRefused) -> bool:
    """Whether what the copy does not know is on catalog's menu by now: it was added a moment ago."""
    return refusal.reason in NOT_IN_COPY and await deps.copies.catch_up(tenant, known)


def _not_older(known: Known, menu_version: int) -> Known:
    if known.menu.version < menu_version:
        raise UnknownMenuVersion(f"The newest menu is version {known.menu.version}.")
    return known


def _tracked(lines: tuple[Line, ...]) -> list[Line]:
    return [line for line in lines if line.stock_tracked]


async def _reserve(deps: Dependencies, order_id: UUID, lines: tuple[Line, ...]) -> bool:
    tracked = _tracked(lines)
    if tracked:
        await deps.peers.reserve_stock(order_id, tracked)
    return bool(tracked)


async def _price_draft(deps: Dependencies, tenant: UUID, draft: Order) -> tuple[Basket, Known]:
    refuse_empty(draft.lines)
    known = await deps.copies.get_proven(tenant)
    terms = known.terms(deps.clock.now())
    basket = price_basket(wanted_again(draft), draft.order_type, 0, known.menu, terms)
    await _reserve(deps, draft.id, basket.lines)
    return basket, known
