"""Whatever the file, the planned menu explains every price to the penny."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.replay.menu_plan import PRICE_GROUP, MenuPlan, plan_menu
from tools.replay.orders_file import FileError, PastLine, read_lines

HEADER = "order_id\tquantity\titem_name\tchoice_description\titem_price\n"


def lines_of(*rows: str) -> list[PastLine]:
    return read_lines([HEADER, *(row + "\n" for row in rows)])


def gross_of(plan: MenuPlan) -> list[int]:
    """What a till would charge for every planned line."""
    charged = []
    for order in plan.orders:
        for line in order:
            item = plan.items[line.item]
            deltas = {
                (group, option.name): option.delta_minor
                for group, options in item.groups.items()
                for option in options
            }
            charged.append(line.quantity * (item.price_minor + sum(deltas[one] for one in line.options)))
    return charged


names = st.sampled_from(["Steak Bowl", "steak  bowl", "Steak-Bowl", "Chips", "Izze", "Veggie Taco"])
choice = st.sampled_from(["Rice", "Guacamole", "Salsa (Hot)", "Salsa", "White-Rice", "White Rice"])
past_lines = st.builds(
    lambda order, quantity, name, choices, unit: PastLine(
        2, str(order), quantity, name, tuple(choices), unit * quantity
    ),
    st.integers(1, 20),
    st.integers(1, 15),
    names,
    st.lists(st.tuples(st.integers(1, 3), choice), max_size=6),
    st.integers(0, 2_000),
)


@given(st.lists(past_lines, min_size=1, max_size=60))
def test_every_line_is_charged_what_it_was(lines: list[PastLine]) -> None:
    plan = plan_menu(lines)
    planned = [line.gross_minor for order in plan.orders for line in order]
    assert gross_of(plan) == planned
    assert sorted(planned) == sorted(line.gross_minor for line in lines)


@given(st.lists(past_lines, min_size=1, max_size=60))
def test_names_differ_in_more_than_case_and_hyphens(lines: list[PastLine]) -> None:
    plan = plan_menu(lines)
    plain = [" ".join(name.lower().replace("-", " ").split()) for name in plan.items]
    assert len(plain) == len(set(plain))


def test_an_option_that_tells_prices_apart_costs_the_difference() -> None:
    plan = plan_menu(
        lines_of(
            *["1\t1\tBowl\t[Salsa, [Rice]]\t$8.75 "] * 4,
            *["2\t2\tBowl\t[Salsa, [Rice, Guacamole]]\t$22.50 "] * 3,
        )
    )
    extras = {option.name: option.delta_minor for option in plan.items["Bowl"].groups["Extras"]}
    assert extras == {"Guacamole": 250, "Rice": 0}
    assert PRICE_GROUP not in plan.items["Bowl"].groups
    assert any("Guacamole adds 2.50" in decision for decision in plan.decisions)


def test_another_price_becomes_a_variant_and_is_told() -> None:
    plan = plan_menu(lines_of(*["1\t1\tChips\tNULL\t$2.15 "] * 3, "2\t1\tChips\tNULL\t$1.99 "))
    variants = {option.name: option.delta_minor for option in plan.items["Chips"].groups[PRICE_GROUP]}
    assert variants == {"at 1.99": -16, "at 2.15": 0}
    assert any("1.99 (1x)" in decision for decision in plan.decisions)


def test_spellings_merge_into_the_commonest() -> None:
    plan = plan_menu(
        lines_of(
            "1\t1\tChips and Corn-Salsa\tNULL\t$2.00 ",
            "2\t1\tChips and Corn Salsa\tNULL\t$2.00 ",
            "3\t1\tChips and Corn Salsa\tNULL\t$2.00 ",
        )
    )
    assert list(plan.items) == ["Chips and Corn Salsa"]
    assert len(plan.orders) == 3


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1\tx\tChips\tNULL\t$2.15 ", "row 2"),
        ("1\t1\tChips\t[Rice\t$2.15 ", "brackets"),
        ("1\t1\tChips\tNULL\t$2.155", "parts of a penny"),
        ("1\t2\tChips\tNULL\t$2.15", "equal prices"),
        ("1\t0\tChips\tNULL\t$0.00", "quantity"),
        ("1\t1\tChips\tNULL\tfree", "row 2"),
    ],
)
def test_a_bad_row_is_named(row: str, said: str) -> None:
    with pytest.raises(FileError, match=said):
        lines_of(row)


def test_missing_columns_are_named() -> None:
    with pytest.raises(FileError, match="choice_description"):
        read_lines(["order_id\tquantity\titem_name\titem_price\n"])
