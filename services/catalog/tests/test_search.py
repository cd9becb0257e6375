"""What is typed or scanned at the till finds what is meant, best first."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.ids import new_id
from services.catalog.domain.category import Category
from services.catalog.domain.item import Item
from services.catalog.domain.item_number import check_digit
from services.catalog.domain.search import MAX_WORDS, MenuIndex, faults, folded, words_of
from services.catalog.tests.builders import an_item

MAINS, DRINKS = Category(new_id(), "Mains"), Category(new_id(), "Soft drinks")
COLA = "5449000000996"
UPC = "036000291452"


def a_menu(*items: Item) -> MenuIndex:
    return MenuIndex({item.id: item for item in items}, [MAINS, DRINKS])


def dish(name: str, **changes: Any) -> Item:
    return an_item(MAINS.id, name=name, **changes)


MENU = [
    dish("Jalapeño Poppers", description="with sour cream"),
    dish("Chicken Burger"),
    dish("Cheese Burger", description="beef, cheddar"),
    dish("Crème Brûlée"),
    dish("Chef's Salad"),
    dish("'Nduja Pizza", plu="12"),
    dish("12 Wings", plu="30"),
    an_item(DRINKS.id, name="Coca-Cola 330ml", barcode=COLA, plu="1"),
    an_item(DRINKS.id, name="Smørrebrød Øl", barcode=f"0{UPC}"),
    an_item(DRINKS.id, name="麻婆豆腐"),
]


def always(_: UUID) -> bool:
    return True


def found(typed: str, *items: Item, limit: int = 20, on_sale: Callable[[UUID], bool] = always) -> list[str]:
    menu = items or MENU
    names = {item.id: item.name for item in menu}
    return [names[item_id] for item_id in a_menu(*menu).find(typed, limit, on_sale)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("jalapeno", "Jalapeño Poppers"),
        ("JALAPEÑO", "Jalapeño Poppers"),
        ("jalap", "Jalapeño Poppers"),
        ("jalapneo", "Jalapeño Poppers"),
        ("jalpeno popers", "Jalapeño Poppers"),
        ("poppers jalapeno", "Jalapeño Poppers"),
        ("popers", "Jalapeño Poppers"),
        ("creme brulee", "Crème Brûlée"),
        ("cream brule", "Crème Brûlée"),
        ("chiken burg", "Chicken Burger"),
        ("xhicken", "Chicken Burger"),
        ("cheeseburger", "Cheese Burger"),
        ("chedar", "Cheese Burger"),
        ("chefs", "Chef's Salad"),
        ("nduja", "'Nduja Pizza"),
        ("cocacola", "Coca-Cola 330ml"),
        ("cola 330", "Coca-Cola 330ml"),
        ("330 ml coca", "Coca-Cola 330ml"),
        ("smorrebrod", "Smørrebrød Øl"),
        ("cheese and burger", "Cheese Burger"),
        ("豆腐", "麻婆豆腐"),
        ("soft coca", "Coca-Cola 330ml"),
    ],
)
def test_words_find_what_is_meant(typed: str, first: str) -> None:
    assert found(typed)[:1] == [first]


@pytest.mark.parametrize("typed", ["zzz", "burger pizza", "abcdefgh", "jlpno", "-", "   ", "cxx", "9999"])
def test_what_is_not_on_the_menu_finds_nothing(typed: str) -> None:
    assert found(typed) == []


@pytest.mark.parametrize("scanned", [COLA, f" {COLA} ", "5449000 000996"])
def test_a_barcode_finds_its_item_and_nothing_else(scanned: str) -> None:
    assert found(scanned) == ["Coca-Cola 330ml"]


@pytest.mark.parametrize("scanned", [UPC, f"0{UPC}"])
def test_a_scanner_may_send_a_upc_a_with_or_without_its_zero(scanned: str) -> None:
    assert found(scanned) == ["Smørrebrød Øl"]


def test_one_digit_more_or_less_is_another_barcode() -> None:
    assert found(COLA[:-1]) == found(f"{COLA}0") == found(COLA[:-1] + "7") == []


def test_a_plu_comes_before_names_with_the_same_number() -> None:
    assert found("12") == ["'Nduja Pizza", "12 Wings"]
    assert found("1")[0] == "Coca-Cola 330ml"


def test_better_answers_come_first() -> None:
    whole, begun, inside, described = (
        dish("Tea"),
        dish("Teacake"),
        dish("Steamed Rice"),
        dish("Scone", description="with tea"),
    )
    assert found("tea", described, inside, begun, whole) == ["Tea", "Teacake", "Steamed Rice"]


def test_a_description_answers_where_no_name_does() -> None:
    chips, burger = dish("Chips"), dish("Burger", description="With chips and slaw")
    assert found("chips", burger, chips) == ["Chips"]
    assert found("slaw", burger, chips) == found("chips", burger) == ["Burger"]


def test_misspelt_answers_come_after_right_ones_and_only_where_those_are_few() -> None:
    assert found("coke", dish("Cake"), dish("Coke")) == ["Coke", "Cake"]
    cokes = [dish(f"Coke {size}") for size in ("Small", "Large", "Huge")]
    assert "Cake" not in found("coke", dish("Cake"), *cokes)


def test_of_equals_those_come_first_that_are_on_sale() -> None:
    sold_out, there = dish("Soup", position=1), dish("Soup ", position=2)
    assert found("soup", sold_out, there, on_sale=lambda item_id: item_id == there.id) == ["Soup ", "Soup"]
    assert found("soup", sold_out, there) == ["Soup", "Soup "]


def test_no_more_are_told_than_were_asked_for() -> None:
    many = [dish(f"Soup {number}", position=number) for number in range(30)]
    assert found("soup", *many, limit=7) == [f"Soup {number}" for number in range(7)]


def test_the_words_of_a_menu_are_the_same_whatever_it_costs_and_whether_it_is_on_sale() -> None:
    items = {item.id: item for item in MENU}
    index = MenuIndex(items, [MAINS, DRINKS])
    one = MENU[0]
    dearer = {**items, one.id: replace(one, price_minor=1, available=False, version=9)}
    assert index.tells(items, [MAINS, DRINKS])
    assert index.tells(dearer, [replace(MAINS, position=7), DRINKS])
    for changed in (
        replace(one, name="X"),
        replace(one, description="X"),
        replace(one, barcode=COLA),
        replace(one, plu="9"),
    ):
        assert not index.tells({**items, one.id: changed}, [MAINS, DRINKS])
    assert not index.tells(items, [replace(MAINS, name="Pizza"), DRINKS])
    new = dish("New")
    assert not index.tells({**items, new.id: new}, [MAINS, DRINKS])


WORD = st.text("abcdefgh", min_size=8, max_size=12)


@given(WORD, st.data())
def test_a_long_word_with_one_fault_finds_its_item(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 2))
    letter = data.draw(st.sampled_from("xyz"))
    kind = data.draw(st.sampled_from(["wrong", "missing", "extra", "swapped"]))
    typed = {
        "wrong": word[:place] + letter + word[place + 1 :],
        "missing": word[:place] + word[place + 1 :],
        "extra": word[:place] + letter + word[place:],
        "swapped": word[:place] + word[place + 1] + word[place] + word[place + 2 :],
    }[kind]
    assert found(typed, dish(word)) == [word]


@given(
    st.lists(st.sampled_from(["soup", "stew", "pie", "rice", "cake", "tart"]), min_size=1, max_size=5),
    st.randoms(),
)
def test_the_order_of_words_makes_no_difference_to_what_is_found(words: list[str], random: Random) -> None:
    shuffled = sorted(words, key=lambda _: random.random())
    menu = [dish("Soup and Pie"), dish("Rice Cake"), dish("Tart Stew Soup"), dish("Pie")]
    assert set(found(" ".join(words), *menu)) == set(found(" ".join(shuffled), *menu))


@given(st.text(max_size=120), st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=5))
def test_whatever_is_typed_gets_an_answer(typed: str, names: list[str]) -> None:
    told = found(typed, *(dish(name) for name in names))
    assert len(told) <= len(names)


@given(st.text(max_size=60))
def test_folding_is_done_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(st.text("0123456789", min_size=12, max_size=12))
def test_any_barcode_is_found(digits: str) -> None:
    item = dish("Thing", barcode=digits + check_digit(digits))
    assert found(item.barcode, item, dish("Other")) == ["Thing"]


@given(WORD, WORD)
def test_faults_are_counted_as_by_the_book(typed: str, word: str) -> None:
    assert faults(typed, word, len(typed) + len(word))[0] == by_the_book(typed, word)


def by_the_book(one: str, other: str) -> int:
    """Optimal string alignment as its definition says it."""
    known: dict[tuple[int, int], int] = {}
    for i in range(len(one) + 1):
        for j in range(len(other) + 1):
            if 0 in (i, j):
                known[i, j] = i + j
                continue
            costs = [
                known[i - 1, j] + 1,
                known[i, j - 1] + 1,
                known[i - 1, j - 1] + (one[i - 1] != other[j - 1]),
            ]
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                costs.append(known[i - 2, j - 2] + 1)
            known[i, j] = min(costs)
    return known[len(one), len(other)]


def test_more_words_than_are_looked_for_say_nothing_more() -> None:
    assert found(" ".join(["burger"] * MAX_WORDS + ["zzz"])) == found("burger " * MAX_WORDS)


def test_a_word_is_a_run_of_letters_or_of_digits() -> None:
    assert words_of("Chef's 2x330ml Crème-Brûlée & Œuf") == [
        "chefs",
        "2",
        "x",
        "330",
        "ml",
        "creme",
        "brulee",
        "oeuf",
    ]
