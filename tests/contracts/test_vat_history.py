"""The rates that the catalog begins with, as orders charges them: class, consumption and date.

Source: VAT Notice 709/1, with the reduced rates for catering from 15 July 2020 to 31 March 2022.
"""

from datetime import date

import pytest
from fynlo.catalog.v1 import catalog_pb2

from services.catalog.domain.vat_uk import VAT_CLASSES
from services.catalog.wire.vat import vat_class
from services.orders.domain.menu import OrderType
from services.orders.wire.menu import menu_kept

DAYS = (
    date(2020, 7, 14),
    date(2020, 7, 15),
    date(2021, 9, 30),
    date(2021, 10, 1),
    date(2022, 3, 31),
    date(2022, 4, 1),
)
REDUCED = (2000, 500, 500, 1250, 1250, 2000)
STANDARD = (2000,) * len(DAYS)
ZERO = (0,) * len(DAYS)


@pytest.mark.parametrize(
    ("code", "eat_in", "takeaway"),
    [
        ("hot_food", REDUCED, REDUCED),
        ("cold_food", REDUCED, ZERO),
        ("hot_drinks", REDUCED, REDUCED),
        ("always_standard", REDUCED, STANDARD),
        ("alcohol", STANDARD, STANDARD),
        ("outside_scope", ZERO, ZERO),
    ],
)
def test_rates_follow_class_consumption_and_date(
    code: str, eat_in: tuple[int, ...], takeaway: tuple[int, ...]
) -> None:
    kept = catalog_pb2.Menu(version=1, vat_classes=[vat_class(each) for each in VAT_CLASSES])
    menu = menu_kept(kept.SerializeToString())
    for expected, order_type in (
        (eat_in, OrderType.EAT_IN),
        (takeaway, OrderType.TAKEAWAY),
        (takeaway, OrderType.DELIVERY),
    ):
        rates = [menu.vat_rate(code, day) for day in DAYS]
        eaten_in = order_type is OrderType.EAT_IN
        assert (
            tuple(rate and (rate.eat_in_bp if eaten_in else rate.takeaway_bp) for rate in rates) == expected
        )
