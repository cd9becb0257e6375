"""Which stations get a line: the route that says most of it wins, and what nobody takes is not fired."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Problem
from chassis.ids import new_id
from services.orders.domain import firing
from services.orders.domain.errors import (
    DefaultStationNeeded,
    EmptyRoute,
    NoStation,
    TooManyRoutes,
    TooManyStations,
    UnknownFallback,
)
from services.orders.domain.hours import Window
from services.orders.domain.menu import Item, OrderType
from services.orders.domain.order import placing
from services.orders.domain.order.axes import Kitchen
from services.orders.domain.order.basket import price_basket
from services.orders.domain.order.change import Change, Locked
from services.orders.domain.order.choosing import WantedOption
from services.orders.domain.order.order import Line, ServiceFlow
from services.orders.domain.payment import Captured, record
from services.orders.domain.routing import ROUTES_MAX, Fired, Route
from services.orders.domain.station import (
    STATIONS_MAX,
    STATIONS_PER_LINE_MAX,
    Station,
    check_station,
    fallback_of,
    route,
)
from services.orders.domain.ticket import newest
from services.orders.tests.builders import (
    DRINKS,
    MAINS,
    MIA,
    NOON,
    group,
    item,
    line,
    menu,
    option,
    stamp,
    station,
    terms,
    wanted,
)

ICED = option(name="Iced")
COFFEE = item(category_id=DRINKS, name="Coffee", groups=(group(ICED),))
BURGER = item()
MENU = menu(BURGER, COFFEE)
KITCHEN = station()
EVENING = Window(frozenset(), 17 * 60, 2 * 60)
"""Over midnight."""


def at_bar(*routes: Route, name: str = "Bar", **overrides: Any) -> Station:
    return station(name=name, is_default=False, routes=routes, **overrides)


def sold(of: Item = BURGER, *, iced: bool = False) -> Line:
    options = (WantedOption(ICED.id, 1),) if iced else ()
    [priced] = price_basket((line(of, options=options),), OrderType.EAT_IN, 0, MENU, terms()).lines
    return priced


def to(*stations: Station, of: Line | None = None, order_type: OrderType = OrderType.EAT_IN) -> list[str]:
    return [one.name for one in route(of or sold(), order_type, stations, NOON)]


BY_RANK = [
    Route(hours=Window(frozenset(), 11 * 60, 13 * 60)),
    Route(order_types=frozenset({OrderType.EAT_IN})),
    Route(category_id=DRINKS),
    Route(category_id=DRINKS, hours=Window(frozenset(), 11 * 60, 13 * 60)),
    Route(category_id=DRINKS, order_types=frozenset({OrderType.EAT_IN})),
    Route(item_id=COFFEE.id),
    Route(option_id=ICED.id),
    Route(item_id=COFFEE.id, option_id=ICED.id),
]
"""From the one that says least of an iced coffee at noon to the one that says most."""


def test_routes_rank_by_what_they_say_most_of_the_line() -> None:
    ranks = [one.rank for one in BY_RANK]
    assert ranks == sorted(set(ranks))


@pytest.mark.parametrize("less", range(len(BY_RANK) - 1))
def test_the_route_that_says_more_wins(less: int) -> None:
    losing, winning = at_bar(BY_RANK[less], name="Less"), at_bar(BY_RANK[less + 1], name="More")
    assert to(KITCHEN, losing, winning, of=sold(COFFEE, iced=True)) == ["More"]


def test_drinks_go_to_the_bar_and_not_to_the_cold_station() -> None:
    cold = at_bar(Route(order_types=frozenset({OrderType.EAT_IN})), name="Cold")
    bar = at_bar(Route(category_id=DRINKS))
    assert to(KITCHEN, cold, bar, of=sold(COFFEE)) == ["Bar"]
    assert to(KITCHEN, cold, bar) == ["Cold"]


def test_what_no_route_takes_goes_to_the_default_station() -> None:
    assert to(KITCHEN, at_bar(Route(category_id=DRINKS))) == ["Kitchen"]


def test_the_categories_of_a_station_are_routes_as_they_always_were() -> None:
    bar = station(name="Bar", is_default=False, category_ids=frozenset({DRINKS}))
    assert to(KITCHEN, bar, of=sold(COFFEE)) == ["Bar"]
    assert to(KITCHEN, bar) == ["Kitchen"]
    barista = at_bar(Route(item_id=COFFEE.id), name="Barista")
    assert to(KITCHEN, bar, barista, of=sold(COFFEE)) == ["Barista"]


def test_every_station_whose_route_says_as_much_gets_the_line_and_at_most_four_do() -> None:
    burgers = [at_bar(Route(item_id=BURGER.id), name=name) for name in "ABCDE"]
    assert to(KITCHEN, *burgers[:2]) == ["A", "B"]
    assert to(KITCHEN, *burgers) == ["A", "B", "C", "D"]
    assert len(burgers) == STATIONS_PER_LINE_MAX + 1


@pytest.mark.parametrize(("order_type", "names"), [("eat_in", ["Kitchen"]), ("takeaway", ["Door"])])
def test_an_order_type_has_stations_of_its_own(order_type: str, names: list[str]) -> None:
    door = at_bar(Route(order_types=frozenset({OrderType.TAKEAWAY, OrderType.DELIVERY})), name="Door")
    assert to(KITCHEN, door, order_type=OrderType(order_type)) == names


@pytest.mark.parametrize(
    ("hour", "minute", "names"),
    [
        (15, 59, ["Kitchen"]),
        (16, 0, ["Late"]),
        (23, 0, ["Late"]),
        (0, 59, ["Late"]),
        (1, 0, ["Kitchen"]),
    ],
)
def test_hours_are_the_restaurants_and_run_over_midnight(hour: int, minute: int, names: list[str]) -> None:
    """17:00 to 02:00 in London is an hour earlier in UTC, in summer."""
    stations = [replace(one, time_zone="Europe/London") for one in (KITCHEN, at_bar(Route(hours=EVENING)))]
    stations[1] = replace(stations[1], name="Late")
    at = datetime(2026, 7, 1, hour, minute, tzinfo=UTC)
    assert [one.name for one in route(sold(), OrderType.EAT_IN, stations, at)] == names


def test_a_closed_station_gives_what_it_would_take_to_its_fallback() -> None:
    bar = at_bar(Route(category_id=DRINKS), is_closed=True, fallback_id=KITCHEN.id)
    assert to(KITCHEN, bar, of=sold(COFFEE)) == ["Kitchen"]
    terrace = at_bar(Route(category_id=DRINKS), name="Terrace", is_closed=True, fallback_id=bar.id)
    assert to(KITCHEN, bar, terrace, of=sold(COFFEE)) == ["Kitchen"]


def test_closed_stations_that_are_each_others_fallback_take_nothing() -> None:
    one, two = new_id(), new_id()
    here = at_bar(Route(category_id=DRINKS), id=one, is_closed=True, fallback_id=two)
    there = station(id=two, name="There", is_default=False, is_closed=True, fallback_id=one)
    assert to(KITCHEN, here, there, of=sold(COFFEE)) == []
    assert fallback_of(one, (KITCHEN, here, there)) is None


items, categories, options = ([new_id() for _ in range(2)] for _ in range(3))


def maybe(ids: list[UUID]) -> st.SearchStrategy[UUID | None]:
    return st.sampled_from([None, *ids])


routes = st.builds(
    Route,
    item_id=maybe(items),
    category_id=maybe(categories),
    option_id=maybe(options),
    order_types=st.frozensets(st.sampled_from(OrderType)),
    hours=st.sampled_from([None, EVENING, Window(frozenset(), 0, 12 * 60)]),
).filter(lambda one: one.rank > 0)


@given(
    of=st.lists(st.lists(routes, max_size=4), min_size=1, max_size=4),
    item_id=st.sampled_from(items),
    category_id=st.sampled_from(categories),
    chosen=st.sets(st.sampled_from(options)),
    order_type=st.sampled_from(OrderType),
    hour=st.integers(0, 23),
)
def test_a_line_goes_to_all_that_want_it_most_and_to_nobody_else(
    of: list[list[Route]],
    item_id: UUID,
    category_id: UUID,
    chosen: set[UUID],
    order_type: OrderType,
    hour: int,
) -> None:
    stations = [KITCHEN, *(at_bar(*each, name=str(number)) for number, each in enumerate(of))]
    at = NOON.replace(hour=hour)
    picked = tuple(
        replace(one, option_id=option_id) for option_id in chosen for one in sold(COFFEE, iced=True).options
    )
    fired = replace(sold(COFFEE, iced=True), item_id=item_id, category_id=category_id, options=picked)
    seen = Fired(item_id, category_id, chosen, order_type, at)
    fitting = {
        number: max((one.rank for one in each if one.fits(seen)), default=0) for number, each in enumerate(of)
    }
    most = max(fitting.values())
    wanted_by = [str(number) for number, rank in fitting.items() if rank == most]
    expected = wanted_by if most else ["Kitchen"]
    assert [one.name for one in route(fired, order_type, stations, at)] == expected


def placed(*stations: Station, flow: ServiceFlow = ServiceFlow.PAY_LATER, hold: bool = False) -> Change:
    order = wanted(line(BURGER, hold=hold), line(COFFEE, hold=hold), service_flow=flow)
    basket = price_basket(order.lines, order.order_type, 0, MENU, terms())
    return placing.place(order, basket, new_id(), 1, stations, stamp())


def locked(change: Change) -> Locked:
    return Locked(change.order, tuple(newest(change.old_tickets, change.tickets)))


CLOSED_BAR = at_bar(Route(category_id=DRINKS), is_closed=True)


def test_a_line_that_routes_nowhere_refuses_to_fire_and_says_what_to_do() -> None:
    held = locked(placed(KITCHEN, CLOSED_BAR, hold=True))
    with pytest.raises(NoStation) as refused:
        firing.fire(held, [], "", (KITCHEN, CLOSED_BAR), stamp())
    coffee = held.order.lines[1]
    assert refused.value.metadata == {"line_id": str(coffee.id), "item_id": str(COFFEE.id)}
    assert "Coffee" in refused.value.detail
    assert "route" in refused.value.detail
    with pytest.raises(NoStation):
        placed(KITCHEN, CLOSED_BAR)
    burger = held.order.lines[0].id
    assert len(firing.fire(held, [burger], "", (KITCHEN, CLOSED_BAR), stamp()).tickets) == 1


def test_money_is_booked_and_what_goes_nowhere_waits() -> None:
    order = locked(placed(KITCHEN, CLOSED_BAR, flow=ServiceFlow.PAY_FIRST))
    due = order.order.totals.due_minor
    cash = Captured(new_id(), order.order.id, 1, "cash", due, "GBP", MIA)
    change = record(order, cash, (KITCHEN, CLOSED_BAR), False, stamp())
    assert [one.kitchen for one in change.order.lines] == [Kitchen.QUEUED, Kitchen.HELD]
    assert [one.name for one in change.unrouted] == ["Coffee"]
    assert change.order.unsent_since is not None
    opened = replace(CLOSED_BAR, is_closed=False)
    later = firing.fire(locked(change), [], "", (KITCHEN, opened), stamp())
    assert [ticket.station_name for ticket in later.tickets] == ["Bar"]


def many(count: int, **overrides: Any) -> list[Station]:
    return [station(is_default=False, **overrides) for _ in range(count)]


FALLBACK = new_id()
CHECKS: list[tuple[Station, list[Station], type[Problem] | None]] = [
    (station(), many(STATIONS_MAX - 1), None),
    (station(), many(STATIONS_MAX), TooManyStations),
    (at_bar(), [KITCHEN], None),
    (at_bar(), many(1), DefaultStationNeeded),
    (at_bar(Route(item_id=FALLBACK)), [KITCHEN], None),
    (at_bar(Route()), [KITCHEN], EmptyRoute),
    (at_bar(fallback_id=KITCHEN.id), [KITCHEN], None),
    (at_bar(fallback_id=FALLBACK), [KITCHEN], UnknownFallback),
    (at_bar(id=FALLBACK, fallback_id=FALLBACK), [KITCHEN], UnknownFallback),
    (
        at_bar(Route(item_id=FALLBACK)),
        [KITCHEN, *many(STATIONS_PER_LINE_MAX - 1, routes=(Route(item_id=FALLBACK),))],
        None,
    ),
    (
        at_bar(Route(item_id=FALLBACK)),
        [KITCHEN, *many(STATIONS_PER_LINE_MAX, routes=(Route(item_id=FALLBACK),))],
        TooManyStations,
    ),
    (
        at_bar(category_ids=frozenset({MAINS})),
        [KITCHEN, *many(STATIONS_PER_LINE_MAX, category_ids=frozenset({MAINS}))],
        TooManyStations,
    ),
    (at_bar(Route(item_id=FALLBACK)), [station(routes=(Route(item_id=MAINS),) * (ROUTES_MAX - 1))], None),
    (at_bar(Route(item_id=FALLBACK)), [station(routes=(Route(item_id=MAINS),) * ROUTES_MAX)], TooManyRoutes),
]


@pytest.mark.parametrize(("made", "others", "refusal"), CHECKS)
def test_a_station_goes_with_the_others_of_its_restaurant(
    made: Station, others: list[Station], refusal: type[Problem] | None
) -> None:
    if refusal is None:
        check_station(made, others)
        assert made.id not in {other.id for other in others}
        return
    with pytest.raises(refusal):
        check_station(made, others)
