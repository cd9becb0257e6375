"""Customers: how they are kept, found, forgotten, and whose order is whose."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from fynlo.orders.v1 import customers_pb2, orders_pb2

from chassis.errors import InvalidArgument
from chassis.ids import new_id
from services.orders.domain.customer import folded, normal_phone, search_words
from services.orders.domain.errors import IllegalTransition, StaleVersion
from services.orders.domain.order.axes import State
from services.orders.domain.order.listing import Filter
from services.orders.domain.paper_errors import (
    ConsentSourceNeeded,
    CustomerNotFound,
    UnknownCustomer,
    UnreadablePhone,
)
from services.orders.rpc.customer import CUSTOMER_SET, ERASED, SAVED
from services.orders.tests.builders import settings_message
from services.orders.tests.world import World
from services.orders.usecases import customer as customers
from services.orders.usecases.order.order import list_orders
from services.orders.wire.customer import wanted_customer

ADA: dict[str, Any] = {"name": "Ada Okonkwo", "phone": "07700 900123", "email": "Ada@Example.com"}


async def save(world: World, customer: customers_pb2.Customer, key: str = "") -> customers_pb2.Customer:
    reply = await customers.save_customer(
        world.deps, world.ask(key), wanted_customer(customer), not customer.id, SAVED
    )
    return reply.customer


async def add(world: World, **fields: object) -> customers_pb2.Customer:
    return await save(world, customers_pb2.Customer(**({"name": "Somebody"} | fields)))  # type: ignore[arg-type]


async def found(world: World, query: str, limit: int = 50) -> list[str]:
    return [one.name for one in await customers.search_customers(world.deps, world.tenant, query, limit)]


async def erase(world: World, customer: customers_pb2.Customer) -> None:
    await customers.erase_customer(world.deps, world.ask(), UUID(customer.id), ERASED)


async def attach(
    world: World, order: orders_pb2.Order, customer: customers_pb2.Customer | None
) -> orders_pb2.Order:
    whose = None if customer is None else UUID(customer.id)
    reply = await customers.set_order_customer(world.deps, world.ask(), UUID(order.id), whose, CUSTOMER_SET)
    return reply.order


async def orders_of(
    world: World, customer: customers_pb2.Customer, limit: int = 50, after: object = None, **wanted: object
) -> tuple[list[str], object]:
    chosen = Filter(customer_id=UUID(customer.id), **wanted)  # type: ignore[arg-type]
    page = await list_orders(world.deps, world.tenant, chosen, after, limit)  # type: ignore[arg-type]
    return [str(order.id) for order in page.orders], page.next


# -- what is kept --------------------------------------------------------------------------------------------


async def test_a_customer_is_kept_with_a_number_that_can_be_dialled_and_mail_in_lower_case(
    world: World,
) -> None:
    ada = await add(world, **ADA, address=" 4 Mill Lane\nLeeds ", notes="Window seat")
    assert (ada.phone, ada.email, ada.address) == ("+447700900123", "ada@example.com", "4 Mill Lane\nLeeds")
    again = await customers.get_customer(world.deps, world.tenant, UUID(ada.id))
    assert (again.name, again.notes, again.version) == ("Ada Okonkwo", "Window seat", 1)


@pytest.mark.parametrize(
    ("text", "country", "kept"),
    [
        ("020 7946 0123", "GB", "+442079460123"),
        ("+39 06 1234 5678", "GB", "+390612345678"),
        ("0039 06 12345678", "GB", "+390612345678"),
        ("(06) 1234-5678", "IT", "+390612345678"),
        ("", "GB", ""),
        ("  ", "GB", ""),
        ("07700 900123", "", "+447700900123"),
    ],
)
def test_a_number_without_a_country_is_one_of_the_restaurants(text: str, country: str, kept: str) -> None:
    assert normal_phone(text, country) == kept


@pytest.mark.parametrize("text", ["12", "call Ada", "+999 123", "0" * 30, "020 7946 0123 ext. 5"])
def test_what_cannot_be_dialled_is_refused(text: str) -> None:
    with pytest.raises(UnreadablePhone) as refused:
        normal_phone(text, "GB")
    assert refused.value.fields[0].field == "phone"


async def test_the_country_of_a_number_is_the_restaurants(world: World) -> None:
    world.auth.settings[world.tenant] = settings_message(world.tenant, country_code="IE")
    assert (await add(world, phone="01 234 5678")).phone == "+35312345678"


async def test_a_name_is_needed(world: World) -> None:
    with pytest.raises(InvalidArgument):
        await add(world, name="  ")


async def test_consent_has_a_source_and_a_time_that_stay_until_it_is_taken_back(world: World) -> None:
    with pytest.raises(ConsentSourceNeeded):
        await add(world, marketing_consent=True)
    ada = await add(world, **ADA, marketing_consent=True, consent_source="till")
    since = ada.consented_at
    world.clock.advance(timedelta(hours=1))
    ada.notes = "likes soup"
    ada = await save(world, ada)
    assert (ada.consented_at, ada.consent_source, ada.version) == (since, "till", 2)
    ada.marketing_consent, ada.consent_source = False, ""
    ada = await save(world, ada)
    assert (ada.marketing_consent, ada.HasField("consented_at"), ada.consent_source) == (False, False, "")
    ada.marketing_consent, ada.consent_source = True, "web form"
    assert (await save(world, ada)).consented_at.ToDatetime() > since.ToDatetime()


async def test_a_change_of_what_somebody_else_changed_is_refused(world: World) -> None:
    ada = await add(world, **ADA)
    await save(world, ada)
    with pytest.raises(StaleVersion):
        await save(world, ada)
    with pytest.raises(CustomerNotFound):
        await save(world, customers_pb2.Customer(id=str(new_id()), name="x", version=1))


async def test_a_retry_adds_nobody_twice(world: World) -> None:
    key = str(new_id())
    first, again = [await save(world, customers_pb2.Customer(**ADA), key) for _ in range(2)]
    assert first == again
    assert await found(world, "ada") == ["Ada Okonkwo"]


# -- how they are found --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    ["ada", "ADA OK", "okon", "okonkwo ada", "07700", "07700 900123", "+44 7700", "0044 7700 900", "447700",
     "ada@ex", "ada@example.com", "  ada  "],
)  # fmt: skip
async def test_a_customer_is_found_by_the_beginnings_of_name_phone_and_mail(world: World, query: str) -> None:
    await add(world, **ADA)
    await add(world, name="Grace Hopper", phone="020 7946 0123", email="grace@navy.mil")
    assert await found(world, query) == ["Ada Okonkwo"]


@pytest.mark.parametrize("query", ["konkwo", "900123", "example", "ada grace", "zz", "!!", "%", "_", "+"])
async def test_what_begins_nothing_finds_nobody(world: World, query: str) -> None:
    await add(world, **ADA)
    assert await found(world, query) == []


def test_accents_and_punctuation_make_no_difference() -> None:
    assert folded("José  O'Brien-Smith") == "jose obrien smith"
    assert search_words("o'bri") == ("obri",)
    assert search_words("jose smith") == ("jose smith", "jose", "smith")
    assert search_words("+44 (0)7700") == ("4407700",)


async def test_hits_come_by_name_and_no_more_than_asked_for(world: World) -> None:
    for name in ("Smith, Zoe", "smith, Adam", "Smith, Bob"):
        await add(world, name=name)
    assert await found(world, "smith") == ["smith, Adam", "Smith, Bob", "Smith, Zoe"]
    assert await found(world, "smith", limit=2) == ["smith, Adam", "Smith, Bob"]


async def test_who_is_called_otherwise_now_is_found_by_that_alone(world: World) -> None:
    ada = await add(world, **ADA)
    ada.name, ada.phone = "Ada Byron", ""
    await save(world, ada)
    assert [await found(world, query) for query in ("okonkwo", "07700", "byron")] == [[], [], ["Ada Byron"]]


async def test_customers_of_others_are_not_found_read_or_attached(world: World) -> None:
    ada = await add(world, **ADA)
    other = world.another()
    assert await found(other, "ada") == []
    assert await customers.list_customers(other.deps, other.tenant, None, 10) == []
    with pytest.raises(CustomerNotFound):
        await customers.get_customer(other.deps, other.tenant, UUID(ada.id))
    with pytest.raises(UnknownCustomer):
        await attach(other, await other.place(), ada)


# -- whose order it is ---------------------------------------------------------------------------------------


async def test_an_order_is_placed_for_a_customer_and_stands_in_their_history(world: World) -> None:
    ada, grace = await add(world, **ADA), await add(world, name="Grace")
    placed = []
    for _ in range(3):
        world.clock.advance(timedelta(minutes=1))
        placed.append(await world.place(customer_id=ada.id))
    await world.place(customer_id=grace.id)
    await world.place()
    assert {order.customer_id for order in placed} == {ada.id}
    newest_first = [order.id for order in reversed(placed)]
    first, place = await orders_of(world, ada, limit=2)
    rest, end = await orders_of(world, ada, limit=2, after=place)
    assert (first + rest, end) == (newest_first, None)


async def test_filters_hold_for_the_orders_of_a_customer_as_well(world: World) -> None:
    ada = await add(world, **ADA)
    open_one, gone = [await world.place(customer_id=ada.id) for _ in range(2)]
    await world.cancel(gone.id)
    assert await orders_of(world, ada, states=(State.CANCELLED,)) == ([gone.id], None)
    assert await orders_of(world, ada, number=open_one.number) == ([open_one.id], None)
    assert (await orders_of(world, ada, name_prefix="burg"))[0] == (await orders_of(world, ada))[0]
    assert await orders_of(world, ada, name_prefix="soup") == ([], None)


async def test_an_order_is_given_to_a_customer_and_taken_from_them(world: World) -> None:
    ada, order = await add(world, **ADA), await world.place()
    given = await attach(world, order, ada)
    assert (given.customer_id, given.version) == (ada.id, order.version + 1)
    assert (await attach(world, order, ada)).version == given.version
    assert await orders_of(world, ada) == ([order.id], None)
    assert (await attach(world, order, None)).customer_id == ""
    assert await orders_of(world, ada) == ([], None)


async def test_a_cancelled_order_is_given_to_nobody(world: World) -> None:
    ada, order = await add(world, **ADA), await world.place()
    await world.cancel(order.id)
    with pytest.raises(IllegalTransition) as refused:
        await attach(world, order, ada)
    assert refused.value.metadata["command"] == "set_customer"


async def test_a_customer_whom_nobody_knows_is_refused(world: World) -> None:
    for ask in (world.place, world.place):
        with pytest.raises(UnknownCustomer) as refused:
            await ask(customer_id=str(new_id()))
        assert refused.value.fields[0].field == "customer_id"


# -- forgetting ----------------------------------------------------------------------------------------------


async def test_who_is_erased_is_nowhere_and_their_orders_stay(world: World) -> None:
    ada = await add(world, **ADA, notes="secret", address="4 Mill Lane", vat_number="GB12")
    order = await world.place(customer_id=ada.id)
    await erase(world, ada)
    assert await found(world, "ada") == await found(world, "07700") == []
    with pytest.raises(CustomerNotFound):
        await customers.get_customer(world.deps, world.tenant, UUID(ada.id))
    with pytest.raises(CustomerNotFound):
        await erase(world, ada)
    with pytest.raises(UnknownCustomer):
        await world.place(customer_id=ada.id)
    assert (await world.order(order.id)).customer_id == UUID(ada.id)
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        row = await tx.fetchrow("SELECT * FROM customer WHERE id = $1", UUID(ada.id))
        words = await tx.fetch("SELECT word FROM customer_word WHERE customer_id = $1", UUID(ada.id))
    assert row is not None
    kept = " ".join(value for value in row.values() if isinstance(value, str)).lower()
    assert not [said for said in ("ada", "okonkwo", "7700", "secret", "mill", "gb12") if said in kept]
    assert words == []


async def test_changes_are_recorded_without_what_they_say(world: World) -> None:
    ada = await add(world, **ADA)
    await erase(world, ada)
    async with world.deps.db.transaction(world.tenant, readonly=True) as tx:
        rows = await tx.fetch("SELECT * FROM audit_record WHERE restaurant_id = $1", world.tenant)
    told = [" ".join(str(value) for value in row.values()) for row in rows]
    assert len([line for line in told if "orders.customer_" in line]) == 2
    assert not [line for line in told if "Okonkwo" in line or "7700" in line or "example" in line]


async def test_an_order_and_an_erasure_at_once_leave_no_order_with_nobody_known(world: World) -> None:
    ada = await add(world, **ADA)
    placed, _ = await asyncio.gather(
        world.place(customer_id=ada.id), erase(world, ada), return_exceptions=True
    )
    assert isinstance(placed, (orders_pb2.Order, UnknownCustomer))
