"""Customers of a restaurant, and whose order is whose. That one changes is recorded, and nothing of what
they are."""

from uuid import UUID

from chassis.db import Transaction
from chassis.db.audit import audit
from chassis.db.commands import Answer, M, execute
from services.orders.domain import customer as rules
from services.orders.domain.customer import Customer, WantedCustomer
from services.orders.domain.errors import StaleVersion
from services.orders.domain.order.change import Change
from services.orders.domain.order.customer import set_customer
from services.orders.domain.order.order import Order
from services.orders.domain.paper_errors import CustomerNotFound, UnknownCustomer
from services.orders.store import customer as store
from services.orders.store.order import lock_order
from services.orders.usecases.order.change import apply
from services.orders.usecases.ports import Command, Dependencies
from services.orders.usecases.restaurant import restaurant_on_paper


async def get_customer(deps: Dependencies, tenant: UUID, customer_id: UUID) -> Customer:
    """Raises CustomerNotFound, also of one who is erased."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        customer = await store.find_customer(tx, customer_id)
    return _there(customer)


async def list_customers(deps: Dependencies, tenant: UUID, after: UUID | None, limit: int) -> list[Customer]:
    """In the order in which they came."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return await store.list_customers(tx, after, limit)


async def search_customers(deps: Dependencies, tenant: UUID, query: str, limit: int) -> list[Customer]:
    """Those that somebody means who types ``query``; nobody where it has no letter and no figure."""
    words = rules.search_words(query)
    if not words:
        return []
    async with deps.db.transaction(tenant, readonly=True) as tx:
        return await store.search_customers(tx, words, limit)


async def save_customer(
    deps: Dependencies, command: Command, wanted: WantedCustomer, is_new: bool, answer: Answer[Customer, M]
) -> M:
    """Adds or changes one. Raises CustomerNotFound, StaleVersion, UnreadablePhone, ConsentSourceNeeded."""
    restaurant = await restaurant_on_paper(deps, command.tenant)

    async def save(tx: Transaction) -> Customer:
        known = None if is_new else _there(await store.lock_customer(tx, wanted.id))
        if known is not None and known.version != wanted.version:
            raise StaleVersion("Somebody changed this customer; read them again.")
        customer = rules.saved(wanted, known, restaurant.country_code, deps.clock.now())
        if known is None:
            await store.insert_customer(tx, customer)
        else:
            await store.update_customer(tx, known, customer)
        consents = customer.consent is not None
        audit(
            tx,
            "orders.customer_saved",
            customer_id=customer.id,
            version=customer.version,
            marketing_consent=consents,
        )
        return customer

    return await execute(deps.db, command, answer, save)


async def erase_customer(
    deps: Dependencies, command: Command, customer_id: UUID, answer: Answer[None, M]
) -> M:
    """Forgets who they are. Raises CustomerNotFound."""

    async def erase(tx: Transaction) -> None:
        known = _there(await store.lock_customer(tx, customer_id))
        await store.update_customer(tx, known, rules.erased(known))
        await store.mark_erased(tx, customer_id, deps.clock.now())
        audit(tx, "orders.customer_erased", customer_id=customer_id)

    return await execute(deps.db, command, answer, erase)


async def set_order_customer(
    deps: Dependencies, command: Command, order_id: UUID, customer_id: UUID | None, answer: Answer[Order, M]
) -> M:
    """Raises OrderNotFound, UnknownCustomer, IllegalTransition."""

    async def work(tx: Transaction) -> Order:
        locked = await lock_order(tx, order_id)
        if customer_id is not None:
            await customer_for(tx, customer_id)
        change = set_customer(locked, customer_id, deps.stamp(command))
        if change is None:
            return locked.order
        await apply(tx, change)
        await note_customer(tx, change)
        return change.order

    return await execute(deps.db, command, answer, work)


async def customer_named(deps: Dependencies, tenant: UUID, customer_id: UUID) -> None:
    """For what is only quoted. Raises UnknownCustomer."""
    async with deps.db.transaction(tenant, readonly=True) as tx:
        found = await store.find_customer(tx, customer_id)
    if found is None:
        raise UnknownCustomer(customer_id)


async def customer_for(tx: Transaction, customer_id: UUID) -> Customer:
    """The customer that an order or an invoice names, kept from being erased meanwhile. Raises
    UnknownCustomer."""
    found = await store.hold_customer(tx, customer_id)
    if found is None:
        raise UnknownCustomer(customer_id)
    return found


async def note_customer(tx: Transaction, change: Change) -> None:
    """Writes down whose the order is where that is news. It costs nothing where it is nobody's."""
    before = None if change.before is None else change.before.customer_id
    if before != change.order.customer_id:
        await store.link_order(tx, change.order)


def _there(customer: Customer | None) -> Customer:
    if customer is None:
        raise CustomerNotFound("There is no such customer.")
    return customer
