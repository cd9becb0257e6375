"""Barcodes and PLUs: what is one, and that no two items of a menu have the same."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.ids import new_id
from harness.fixtures import OpenDatabase
from services.catalog.domain.errors import BarcodeTaken, InvalidMenu, PluTaken
from services.catalog.domain.item import check_item
from services.catalog.domain.item_number import barcode_errors, check_digit, one_form, plu_errors
from services.catalog.domain.menu_file.entries import parse
from services.catalog.domain.menu_file.plan import Present, plan
from services.catalog.menu_file.table import read_csv
from services.catalog.store import item as item_store
from services.catalog.tests import doing
from services.catalog.tests.builders import a_category, a_restaurant, an_item, command, saved

EAN_13 = "5901234123457"
EAN_8 = "96385074"
UPC_A = "036000291452"
CODES = frozenset({"hot_food"})
FILE = "category,item,price,vat_class,barcode,plu\n"


@pytest.mark.parametrize("barcode", [EAN_13, EAN_8, UPC_A, "5012345678900"])
def test_the_check_digit_is_the_one_of_gs1(barcode: str) -> None:
    assert check_digit(barcode[:-1]) == barcode[-1]
    assert list(barcode_errors("item.barcode", one_form(barcode))) == []


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(digits: str, place: int, off: int) -> None:
    barcode = digits + check_digit(digits)
    wrong = barcode[:place] + str((int(barcode[place]) + off) % 10) + barcode[place + 1 :]
    assert [each.code for each in barcode_errors("item.barcode", wrong)] == ["wrong_check_digit"]


def test_a_wrong_check_digit_is_refused_and_the_right_one_named() -> None:
    with pytest.raises(InvalidMenu) as refused:
        check_item(an_item(barcode="5901234123450"), CODES)
    [error] = refused.value.fields
    assert (error.field, error.code) == ("item.barcode", "wrong_check_digit")
    assert EAN_13 in error.detail


def test_the_code_of_a_case_is_refused_and_what_is_in_it_named() -> None:
    [error] = barcode_errors("item.barcode", "1590123412345" + check_digit("1590123412345"))
    assert error.code == "code_of_a_case"
    assert EAN_13 in error.detail


@pytest.mark.parametrize("barcode", ["1234567", "123456789", "59012341234x7", "x", "٥٩٠١٢٣٤١٢٣٤٥٧"])
def test_what_no_scanner_sends_is_no_barcode(barcode: str) -> None:
    assert [each.code for each in barcode_errors("item.barcode", barcode)] == ["no_barcode"]


def test_a_upc_a_is_the_ean_13_with_a_zero_before_it() -> None:
    assert one_form(UPC_A) == f"0{UPC_A}" == one_form(f"0{UPC_A}")
    assert check_digit(UPC_A[:-1]) == check_digit(f"0{UPC_A}"[:-1])


@pytest.mark.parametrize(
    ("plu", "fine"),
    [("", True), ("1", True), ("999999", True), ("1000000", False), ("01", False), ("a", False)],
)
def test_a_plu_has_up_to_six_digits_and_no_zero_before_them(plu: str, fine: bool) -> None:
    assert (not list(plu_errors("item.plu", plu))) is fine


async def test_no_two_items_of_a_menu_have_the_same_number(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    await saved(db, tenant, an_item(category.id, name="Cola", barcode=EAN_13, plu="7"))
    with pytest.raises(BarcodeTaken, match="'Cola' has the barcode 5901234123457"):
        await doing.create_item(db, command(tenant), an_item(category.id, name="Other", barcode=EAN_13))
    with pytest.raises(PluTaken, match="'Cola' has the PLU 7"):
        await doing.create_item(db, command(tenant), an_item(category.id, name="Other", plu="7"))
    other = await saved(db, tenant, an_item(category.id, name="Other", plu="77"))
    with pytest.raises(PluTaken):
        await doing.update_item(db, command(tenant), replace(other, plu="7"))
    neighbour = await a_restaurant(db)
    await saved(db, neighbour, an_item((await a_category(db, neighbour)).id, barcode=EAN_13, plu="7"))


async def test_an_item_keeps_its_numbers_when_it_changes_and_gives_them_back_when_it_goes(
    service_database: OpenDatabase,
) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    cola = await saved(db, tenant, an_item(category.id, name="Cola", barcode=EAN_13, plu="7"))
    await doing.update_item(db, command(tenant), replace(cola, price_minor=200))
    await doing.set_item_availability(db, command(tenant), cola.id, available=False)
    async with db.transaction(tenant) as tx:
        [now] = await item_store.items(tx)
    assert (now.barcode, now.plu, now.price_minor) == (EAN_13, "7", 200)
    await doing.delete_item(db, command(tenant), cola.id)
    await saved(db, tenant, an_item(category.id, name="Cola", barcode=EAN_13, plu="7"))


async def test_of_twenty_who_give_the_same_number_one_does(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    category = await a_category(db, tenant)
    done = await asyncio.gather(
        *(
            doing.create_item(db, command(tenant), an_item(category.id, name=f"Dish {n}", barcode=EAN_8))
            for n in range(20)
        ),
        return_exceptions=True,
    )
    assert sum(not isinstance(one, BaseException) for one in done) == 1
    assert all(isinstance(one, BarcodeTaken) for one in done if isinstance(one, BaseException))


async def test_a_file_may_let_items_exchange_their_numbers(service_database: OpenDatabase) -> None:
    db = await service_database("catalog")
    tenant = await a_restaurant(db)
    first = f"{FILE}Bar,Cola,2,hot_food,{EAN_13},1\nBar,Lager,5,hot_food,{EAN_8},2\n"
    await doing.import_menu(db, command(tenant), first.encode())
    second = f"{FILE}Bar,Cola,2,hot_food,{EAN_8},2\nBar,Lager,5,hot_food,{EAN_13},1\n"
    assert (await doing.import_menu(db, command(tenant), second.encode())).updated == 2
    async with db.transaction(tenant) as tx:
        found = {item.name: (item.barcode, item.plu) for item in await item_store.items(tx)}
    assert found == {"Cola": (EAN_8, "2"), "Lager": (EAN_13, "1")}


def test_a_file_may_not_give_two_items_the_same_number() -> None:
    there = plan(
        parse(read_csv(f"{FILE}Bar,Cola,2,hot_food,{EAN_13},1\n".encode()), "GBP").entries,
        Present((), (), {}, CODES),
        new_id,
    )
    now = Present(there.categories, there.created, {}, CODES)
    rows = f"{FILE}Bar,Ale,5,hot_food,{EAN_13},\nBar,Lager,5,hot_food,,3\nBar,Stout,5,hot_food,,3\n"
    told = plan(parse(read_csv(rows.encode()), "GBP").entries, now, new_id).rejected
    assert [(each.row, each.field) for each in told] == [(2, "barcode"), (4, "plu")]
    assert "'Cola' has 5901234123457 already" in told[0].detail
    assert "'Lager' has 3 already" in told[1].detail


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("5.90123E+12", "format the column as text"),
        ("59 01", "digits under the bars"),
        ("5901234123450", EAN_13),
    ],
)
def test_a_wrong_barcode_in_a_file_is_told_with_what_to_do(cell: str, says: str) -> None:
    file = parse(read_csv(f"{FILE}Bar,Cola,2,hot_food,{cell},\n".encode()), "GBP")
    told = file.rejected or plan(file.entries, Present((), (), {}, CODES), new_id).rejected
    assert [(each.row, each.field) for each in told] == [(2, "barcode")]
    assert says in told[0].detail
