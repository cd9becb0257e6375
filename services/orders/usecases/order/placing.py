"""Quoting, placing and validating: everything that computes a bill."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic
from uuid import UUID

from chassis.db import Transaction
from chassis.db.commands import Answer, M, answered, execute
from chassis.db.idempotency import IdempotencyInFlight
from chassis.errors import Problem, Unavailable
from chassis.rpc import mark_replayed
from services.orders.domain.approval import UNAPPROVED, Authority
from services.orders.domain.errors import LineRefused, OrderExists, UnknownMenuVersion
from services.orders.domain.menu import OrderType
from services.orders.domain.order.axes import Lifecycle
from services.orders.domain.order.basket import Basket, Terms, price_basket, wanted_again
from services.orders.domain.order.change import Change, Stamp
from services.orders.domain.order.guards import illegal
from services.orders.domain.order.order import AtTable, Line, Order
from services.orders.domain.order.overriding import approved
from services.orders.domain.order.placing import (
    WantedOrder,
    open_draft,
    place,
    refuse_empty,
    validate,
)
from services.orders.domain.order.promise import Promise
from services.orders.domain.slot import refuse_far
from services.orders.domain.timing import lead
from services.orders.store import order as store
from services.orders.store.order import InsertedMeanwhile
from services.orders.store.restaurant import find_versions
from services.orders.usecases.copies import Known
from services.orders.usecases.customer import customer_for, customer_named, note_customer
from services.orders.usecases.order.change import apply, publish
from services.orders.usecases.order.order import get_order
from services.orders.usecases.order.overriding import record_overrides
from services.orders.usecases.ports import Command, Dependencies
from services.orders.usecases.slot import move_places, with_slot
from services.orders.usecases.table import table_for, table_named, tell_tables
from services.orders.usecases.unrouted import telling_managers
from services.orders.wire.events import check_size
from services.orders.wire.order import order_message

STALE_ATTEMPTS = 3
"""How often an order is priced anew because menu, settings or stations changed meanwhile."""
NOT_IN_COPY = frozenset({"UNKNOWN_ITEM", "UNKNOWN_OPTION"})
"""Refusals that a menu newer than the copy may turn into a sale."""


class StaleCopies(Exception):
    """What the order was priced with is no longer the newest: price it anew."""


async def quote_order(deps: Dependencies, tenant: UUID, wanted: WantedOrder) -> Order:
    """What would be placed now, without a number. Raises as place_order."""
    refuse_empty(wanted.lines)
    known = not_older(await deps.copies.get_proven(tenant, wanted.menu_version), wanted.menu_version)
    stamp = deps.own_stamp("")
    table = None if wanted.table_id is None else await table_named(deps, tenant, wanted.table_id)
    if wanted.customer_id is not None:
        await customer_named(deps, tenant, wanted.customer_id)
    try:
        basket = _priced(wanted, known, stamp)
    except LineRefused as refusal:
        if not await is_news(deps, tenant, known, refusal):
            raise
        basket = _priced(wanted, await deps.copies.get_proven(tenant), stamp)
    return open_draft(wanted, basket, tenant, stamp, table).order


async def place_order(
    deps: Dependencies,
    command: Command,
    wanted: WantedOrder,
    answer: Answer[Order, M],
    authority: Authority = UNAPPROVED,
) -> M:
    """Takes an order (or keeps a draft): prices, reserves tracked stock, numbers, fires what need not wait.

    The same order id again: with the same content the stored order, with other content OrderExists. Raises
    ItemUnavailable, MenuOutdated, EmptyOrder, LineRefused, UnknownMenuVersion, OrderTooLarge, UnknownTable,
    UnknownCustomer, TableFull, NoStation, ApprovalNeeded, ApprovalInvalid, PromiseRefused, SlotFull, what
    catalog raises (INSUFFICIENT_STOCK), Unavailable.
    """
    if not wanted.draft:
        refuse_empty(wanted.lines)
    placing = _Placing(deps, command, wanted, answer, authority)
    for _ in range(STALE_ATTEMPTS):
        try:
            async with telling_managers(deps, command.tenant):
                return await placing.run()
        except (StaleCopies, InsertedMeanwhile):
            deps.copies.forget(command.tenant)
    raise Unavailable("The menu is changing; try again.", reason="MENU_IN_FLUX")


@dataclass(slots=True)
class _Placing(Generic[M]):
    """One request to place an order, over its attempts."""

    deps: Dependencies
    command: Command
    wanted: WantedOrder
    answer: Answer[Order, M]
    authority: Authority
    reserved: bool = False

    async def run(self) -> M:
        """One attempt. Raises StaleCopies or InsertedMeanwhile where another one is due."""
        known = await self.deps.copies.get(self.command.tenant, self.wanted.menu_version)
        stamp = self.deps.stamp(self.command)
        try:
            basket = _priced(self.wanted, not_older(known, self.wanted.menu_version), stamp)
            lines = approved(basket.lines, self.authority, self.command.actor)
            basket = replace(basket, lines=lines)
            if not self.wanted.draft and _tracked(basket.lines):
                before = await answered(self.deps.db, self.command, self.answer)
                if before is not None:
                    return before
                self.reserved |= await _reserve(self.deps, self.wanted.id, basket.lines)
        except Problem as refusal:
            try:
                return await self._answer_given_before(known, refusal)
            except LineRefused as final:
                if await is_news(self.deps, self.command.tenant, known, final):
                    raise StaleCopies from final
                raise
        try:
            return await self._store(basket, known, stamp)
        except (Unavailable, IdempotencyInFlight):
            raise  # whether it is stored, here or by its twin, is not known: catalog lets go of what is not
        except Problem:
            await self._give_back()
            raise

    async def _store(self, basket: Basket, known: Known, stamp: Stamp) -> M:
        async def insert(tx: Transaction) -> Order:
            proof = await self._prove(tx, basket, known)
            if proof.taken:
                return await self._stored_before(tx)
            if proof.number is None:
                raise StaleCopies
            table_id = self.wanted.table_id
            tables = {} if table_id is None else {table_id: await table_for(tx, table_id)}
            at_table = None if table_id is None else tables[table_id].name
            if self.wanted.customer_id is not None:
                await customer_for(tx, self.wanted.customer_id)
            wanted = self.wanted
            if not wanted.draft and wanted.promise is not None:
                in_slot = await _in_slot(tx, wanted.promise, wanted.order_type, basket, known, stamp.at)
                wanted = replace(wanted, promise=in_slot)
            change = self._change(wanted, basket, known, stamp, proof.number, at_table)
            check_size(order_message(change.order))
            await store.insert_order(tx, change)
            record_overrides(tx, change.order, change.order.lines)
            await note_customer(tx, change)
            await tell_tables(tx, change, tables)
            await move_places(tx, change)
            publish(tx, change)
            return change.order

        return await execute(self.deps.db, self.command, self.answer, insert)

    async def _prove(self, tx: Transaction, basket: Basket, known: Known) -> store.Proof:
        if self.wanted.draft:
            return await store.prove_draft(tx, self.wanted.id, known.versions)
        return await store.take_number(tx, self.wanted.id, 0, basket.terms.business_date, known.versions)

    def _change(
        self,
        wanted: WantedOrder,
        basket: Basket,
        known: Known,
        stamp: Stamp,
        number: int,
        table: AtTable | None,
    ) -> Change:
        if wanted.draft:
            return open_draft(wanted, basket, self.command.tenant, stamp, table)
        return place(wanted, basket, self.command.tenant, number, known.stations, stamp, table)

    async def _answer_given_before(self, known: Known, refusal: Problem) -> M:
        """What would be refused now may have been accepted before: then that answer counts.

        Otherwise the refusal, unless it came from copies that are not the newest.
        """

        async def look(tx: Transaction) -> Order:
            if await store.find_order(tx, self.wanted.id) is not None:
                return await self._stored_before(tx)
            if await find_versions(tx) != known.versions:
                raise StaleCopies
            raise refusal

        try:
            return await execute(self.deps.db, self.command, self.answer, look)
        except Problem as problem:
            if problem is refusal:
                await self._give_back()
            raise

    async def _stored_before(self, tx: Transaction) -> Order:
        order = await store.find_order(tx, self.wanted.id)
        if order is None or order.content_hash != self.wanted.content_hash:
            raise OrderExists(f"Another order has the id {self.wanted.id}.")
        mark_replayed()
        return order

    async def _give_back(self) -> None:
        """Releases what this request reserved under the id that its own key gave it.

        An id that the client chose may be another request's order: catalog lets go of such a hold by itself,
        once it has asked for the order.
        """
        if self.reserved and not self.wanted.id_from_client:
            await self.deps.peers.release_stock(self.wanted.id)


async def validate_order(deps: Dependencies, command: Command, order_id: UUID, answer: Answer[Order, M]) -> M:
    """A draft becomes an order: prices are those of now, stock is reserved, a number is given.

    Raises OrderNotFound, IllegalTransition, and as place_order.
    """
    for _ in range(STALE_ATTEMPTS):
        before = await answered(deps.db, command, answer)
        if before is not None:
            return before
        draft = await get_order(deps, command.tenant, order_id)
        priced = await _price_draft(deps, command, draft) if draft.lifecycle is Lifecycle.DRAFT else None
        validation = _Validation(deps, command, draft, priced)
        try:
            async with telling_managers(deps, command.tenant, order_id):
                return await execute(deps.db, command, answer, validation.store)
        except StaleCopies:
            deps.copies.forget(command.tenant)
    raise Unavailable("The menu is changing; try again.", reason="MENU_IN_FLUX")


@dataclass(frozen=True, slots=True)
class _Validation:
    """A draft that was read and priced outside a transaction, to be stored in one."""

    deps: Dependencies
    command: Command
    draft: Order
    priced: tuple[Basket, Known] | None

    async def store(self, tx: Transaction) -> Order:
        """Raises StaleCopies when a copy has changed since, IllegalTransition when the order has."""
        locked = await store.lock_order(tx, self.draft.id)
        if self.priced is None or locked.order.version != self.draft.version:
            raise illegal(locked.order, "validate")
        basket, known = self.priced
        day = basket.terms.business_date
        proof = await store.take_number(tx, self.draft.id, self.draft.version, day, known.versions)
        if proof.number is None:
            raise StaleCopies
        stamp, draft = self.deps.stamp(self.command), locked.order
        in_slot = await _in_slot(tx, draft.promise, draft.order_type, basket, known, stamp.at)
        change = validate(locked, basket, proof.number, known.stations, stamp, in_slot)
        check_size(order_message(change.order))
        await apply(tx, change)
        return change.order


def _priced(wanted: WantedOrder, known: Known, stamp: Stamp) -> Basket:
    terms = terms_for(wanted.promise, known, stamp.at)
    return price_basket(wanted.lines, wanted.order_type, wanted.menu_version, known.menu, terms)


async def _price_draft(deps: Dependencies, command: Command, draft: Order) -> tuple[Basket, Known]:
    wanted = wanted_again(draft)
    refuse_empty(wanted)
    known = await deps.copies.get_proven(command.tenant)
    terms = terms_for(draft.promise, known, deps.clock.now())
    given = [one for one in draft.discounts if one.promotion is None]
    basket = price_basket(wanted, draft.order_type, 0, known.menu, terms, given)
    before = {line.id: line for line in draft.lines}
    basket = replace(basket, lines=approved(basket.lines, UNAPPROVED, command.actor, before))
    await _reserve(deps, draft.id, basket.lines)
    return basket, known


def terms_for(promise: Promise | None, known: Known, at: datetime) -> Terms:
    """What is promised is sold as of then: its hours, promotions, rates and business day. Raises
    PromiseRefused.
    """
    if promise is None:
        return known.terms(at)
    refuse_far(promise.at, at)
    return known.terms(promise.at)


async def _in_slot(
    tx: Transaction,
    promise: Promise | None,
    order_type: OrderType,
    basket: Basket,
    known: Known,
    at: datetime,
) -> Promise | None:
    """The promise with its slot. Raises PromiseRefused."""
    if promise is None:
        return None
    takes = lead(basket.lines, order_type, known.stations, at)
    return await with_slot(tx, promise, known.restaurant, at, takes)


async def is_news(deps: Dependencies, tenant: UUID, known: Known, refusal: LineRefused) -> bool:
    """Whether what the copy does not know is on catalog's menu by now: it was added a moment ago."""
    return refusal.reason in NOT_IN_COPY and await deps.copies.catch_up(tenant, known)


def not_older(known: Known, menu_version: int) -> Known:
    """What is known, which is not older than the menu that a client shows. Raises UnknownMenuVersion."""
    if known.menu.version < menu_version:
        raise UnknownMenuVersion(f"The newest menu is version {known.menu.version}.")
    return known


def _tracked(lines: Sequence[Line]) -> list[Line]:
    return [line for line in lines if line.takes_stock]


async def _reserve(deps: Dependencies, order_id: UUID, lines: Sequence[Line]) -> bool:
    tracked = _tracked(lines)
    if tracked:
        await deps.peers.reserve_stock(order_id, tracked)
    return bool(tracked)
