"""Promotions: whose time it is, what they are taken off, and that every process knows them at once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fynlo.orders.v1 import discounts_pb2
from fynlo.orders.v1 import discounts_service_pb2 as discounts_api
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict, NotFound, PermissionDenied, Stale, Unprocessable
from chassis.ids import new_id
from services.orders.domain.discount import DiscountKind
from services.orders.domain.hours import Window
from services.orders.domain.promotion import PROMOTIONS_MAX, Promotion, Scope, with_promotions
from services.orders.tests.builders import draft, draft_line, item_message
from services.orders.tests.lines import add, void
from services.orders.tests.test_discount_law import placed
from services.orders.tests.test_discounts import MANAGER, STAFF, Face
from services.orders.tests.test_discounts import face as made_face
from services.orders.tests.world import World
from services.orders.usecases.copies import Copies

face = made_face
LONDON = ZoneInfo("Europe/London")
ALL_DAY = Window(frozenset(), 0, 0)


def promotion(**overrides: Any) -> Promotion:
    """A fifth off the order, always."""
    made = Promotion(
        id=new_id(),
        name="Happy hour",
        kind=DiscountKind.PERCENT,
        value=2_000,
        scope=Scope.ORDER,
        item_ids=frozenset(),
        category_ids=frozenset(),
        window=ALL_DAY,
        effective_from=None,
        effective_until=None,
        active=True,
        version=1,
    )
    return replace(made, **overrides)


def happy(**overrides: Any) -> discounts_pb2.Promotion:
    facts: dict[str, Any] = {
        "name": "Happy hour",
        "kind": discounts_pb2.DISCOUNT_KIND_PERCENT,
        "value_bp": 2_000,
        "scope": discounts_pb2.PROMOTION_SCOPE_ORDER,
        "active": True,
        **overrides,
    }
    return discounts_pb2.Promotion(**facts)


async def save(face: Face, wanted: discounts_pb2.Promotion) -> discounts_pb2.Promotion:
    request = discounts_api.SavePromotionRequest(request_id=str(new_id()), promotion=wanted)
    with face.being(MANAGER):
        return (await face.stub.SavePromotion(request)).promotion


async def remove(face: Face, promotion_id: str) -> None:
    request = discounts_api.DeletePromotionRequest(request_id=str(new_id()), promotion_id=promotion_id)
    with face.being(MANAGER):
        await face.stub.DeletePromotion(request)


def at(text: str) -> datetime:
    """An instant, as the clock on the wall in London shows it."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).astimezone(LONDON)


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("2026-06-05T16:59", False),  # 17:59 in summer
        ("2026-06-05T17:00", True),
        ("2026-06-05T22:59", True),
        ("2026-06-06T00:59", True),  # 01:59 on Saturday belongs to Friday
        ("2026-06-06T01:00", False),
        ("2026-06-06T17:00", False),  # Saturday has none of its own
        ("2026-12-04T17:59", False),  # the same hours in winter
        ("2026-12-04T18:00", True),
        ("2026-12-05T01:59", True),
        ("2026-12-05T02:00", False),
    ],
)
def test_a_window_over_midnight_belongs_to_the_day_on_which_it_opened(when: str, holds: bool) -> None:
    friday_night = promotion(window=Window(frozenset({4}), 18 * 60, 2 * 60))
    assert friday_night.holds(at(when)) is holds


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        # 29 March 2026: 01:00 becomes 02:00, so half past one is on no clock.
        ("2026-03-29T00:59", False),
        ("2026-03-29T01:00", False),
        # 25 October 2026: half past one is there twice, and both are in.
        ("2026-10-25T00:29", False),
        ("2026-10-25T00:30", True),
        ("2026-10-25T01:30", True),
        ("2026-10-25T01:59", True),
        ("2026-10-25T02:00", False),
    ],
)
def test_a_window_goes_by_the_clock_on_the_wall_when_clocks_change(when: str, holds: bool) -> None:
    late = promotion(window=Window(frozenset(), 90, 120))
    assert late.holds(at(when)) is holds


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("2026-06-04T23:30", True),  # half past midnight, of the window that opened on the last day
        ("2026-06-05T22:30", False),
        ("2026-06-01T00:30", False),
        ("2026-06-01T21:00", True),
    ],
)
def test_dates_are_those_of_the_days_on_which_the_window_opens(when: str, holds: bool) -> None:
    nights = promotion(
        window=Window(frozenset(), 22 * 60, 2 * 60),
        effective_from=date(2026, 6, 1),
        effective_until=date(2026, 6, 4),
    )
    assert nights.holds(at(when)) is holds
    assert not replace(nights, active=False).holds(at(when))


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - made aware below
    st.frozensets(st.integers(0, 6)),
    st.integers(0, 1439),
    st.integers(0, 1440),
)
def test_a_window_is_open_in_exactly_the_minutes_that_it_says(
    instant: datetime, weekdays: frozenset[int], opens: int, closes: int
) -> None:
    local = instant.replace(tzinfo=UTC).astimezone(LONDON)
    minutes = (closes - opens) % 1440 or 1440
    since = (local.hour * 60 + local.minute - opens) % 1440
    opened = local.weekday() if local.hour * 60 + local.minute >= opens else (local.weekday() - 1) % 7
    expected = since < minutes and (not weekdays or opened in weekdays)
    assert promotion(window=Window(weekdays, opens, closes)).holds(local) is expected


def test_it_is_for_the_lines_that_are_ordered_in_its_time_and_for_those_that_come_then() -> None:
    order, later = placed((0, 1), (1, 1)), placed((0, 2)).lines
    burger, salad = order.lines
    items = promotion(scope=Scope.ITEMS, item_ids=frozenset({burger.item_id}))
    [discount] = with_promotions((), order.lines, [items], order.created_at)
    assert (discount.line_ids, discount.promotion and discount.promotion.each_line) == ((burger.id,), True)
    [grown] = with_promotions([discount], later, [items], order.created_at)
    assert grown.line_ids == (burger.id, later[0].id)
    changed = replace(items, version=2, value=5_000)
    both = with_promotions([discount], later, [changed], order.created_at)
    assert [one.line_ids for one in both] == [(burger.id,), (later[0].id,)]
    assert with_promotions([discount], [salad], [items], order.created_at) == (discount,)
    category = promotion(scope=Scope.CATEGORIES, category_ids=frozenset({salad.category_id}))
    [all_] = with_promotions((), order.lines, [category], order.created_at)
    assert all_.line_ids == (burger.id, salad.id)


async def test_an_order_in_its_time_has_it_by_itself_and_the_quote_shows_it(face: Face) -> None:
    kept = await save(face, happy())
    wanted = draft(draft_line(face.world.burger))
    quote, order = await face.world.quote(wanted), await face.world.place(wanted)
    for one in (quote, order):
        [discount] = one.discounts
        assert (discount.promotion_id, discount.promotion_name) == (kept.id, "Happy hour")
        assert (discount.amount_minor, discount.HasField("by"), discount.line_id) == (200, False, "")
        assert (one.totals.discount_minor, one.totals.total_minor) == (200, 900)
    rows = {row.axis: row.to_value for row in await face.world.history(order.id)}
    assert rows["discounts"] == "Happy hour: 20 %"
    stored = await face.world.order(order.id)
    assert stored.discounts[0].line_ids == tuple(line.id for line in stored.lines)


async def test_it_ends_with_its_time_and_what_was_ordered_in_it_keeps_it(face: Face) -> None:
    noon = 12 * 60
    await save(face, happy(from_minutes=noon, until_minutes=noon + 5))
    order = await face.world.place()
    face.world.clock.advance(timedelta(minutes=5))
    later = await face.world.place()
    assert (order.totals.discount_minor, later.totals.discount_minor) == (200, 0)
    assert list((await face.world.order(order.id)).discounts)


async def test_a_promotion_on_an_item_leaves_others_and_people_add_to_it(face: Face) -> None:
    soup = item_message(name="Soup")
    face.world.extra_items, face.world.menu_version = [soup], 2
    face.world.publish_menu()
    await save(
        face,
        happy(scope=discounts_pb2.PROMOTION_SCOPE_ITEMS, item_ids=[soup.id], value_bp=5_000),
    )
    order = await face.world.place(
        draft(draft_line(face.world.burger), draft_line(soup, quantity=2), menu_version=2)
    )
    assert [line.discount_minor for line in order.lines] == [0, 1_000]
    with face.being():
        reduced = await face.give(order)
    assert reduced.totals.discount_minor == 1_000 + 200


async def test_a_draft_is_placed_with_the_promotions_of_then(face: Face) -> None:
    kept = await save(face, happy())
    draft_order = await face.world.place(draft=True)
    assert draft_order.totals.discount_minor == 200
    await remove(face, kept.id)
    assert list((await face.world.validate(draft_order.id)).discounts) == []


async def test_every_process_knows_of_a_change_with_the_next_order(face: Face) -> None:
    """A second process, whose copy was read before."""
    world = face.world
    await world.place()
    other = World(
        replace(world.deps, copies=Copies(world.deps.db, world.deps.peers)),
        world.clock,
        world.auth,
        world.catalog,
        world.payments,
        world.tenant,
        world.mint,
        world.burger,
    )
    assert not list((await other.place()).discounts)
    kept = await save(face, happy())
    assert len((await other.place()).discounts) == 1
    kept.active = False
    off = await save(face, kept)
    assert off.version == kept.version + 1
    assert not list((await other.place()).discounts)


async def test_it_is_listed_changed_and_removed_by_managers_alone(face: Face) -> None:
    second = await save(face, happy(name="Lunch", scope=discounts_pb2.PROMOTION_SCOPE_ORDER))
    first = await save(face, happy(name="Happy hour"))
    with face.being(MANAGER):
        listed = await face.stub.ListPromotions(discounts_api.ListPromotionsRequest())
    assert list(listed.promotions) == [first, second]
    request = discounts_api.SavePromotionRequest(request_id="r", promotion=happy(name="Mine"))
    with face.being(STAFF):
        for refused_one in (
            face.stub.SavePromotion(request),
            face.stub.ListPromotions(discounts_api.ListPromotionsRequest()),
        ):
            with pytest.raises(PermissionDenied):
                await refused_one
    stale = discounts_pb2.Promotion.FromString(first.SerializeToString())
    first.value_bp = 100
    assert (await save(face, first)).value_bp == 100
    with pytest.raises(Stale):
        await save(face, stale)
    await remove(face, second.id)
    with pytest.raises(NotFound):
        await remove(face, second.id)
    with pytest.raises(NotFound):
        await save(face, second)


async def test_no_restaurant_has_another_s(face: Face) -> None:
    kept = await save(face, happy())
    other = face.world.another()
    assert not list((await other.place()).discounts)
    request = discounts_api.DeletePromotionRequest(request_id="r", promotion_id=kept.id)
    with face.being(MANAGER, restaurant_id=other.tenant), pytest.raises(NotFound):
        await face.stub.DeletePromotion(request)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"value_bp": 0}, "DISCOUNT_VALUE"),
        ({"value_minor": 100}, "DISCOUNT_VALUE"),
        ({"kind": discounts_pb2.DISCOUNT_KIND_AMOUNT}, "DISCOUNT_VALUE"),
        ({"scope": discounts_pb2.PROMOTION_SCOPE_ITEMS}, "PROMOTION_SCOPE"),
        ({"scope": discounts_pb2.PROMOTION_SCOPE_CATEGORIES, "item_ids": [str(new_id())]}, "PROMOTION_SCOPE"),
        ({"effective_from": "2026-02-30"}, "PROMOTION_DATES"),
        ({"effective_from": "2026-03-02", "effective_until": "2026-03-01"}, "PROMOTION_DATES"),
    ],
)
async def test_what_makes_no_sense_is_refused(face: Face, wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unprocessable) as refused:
        await save(face, happy(**wrong))
    assert refused.value.reason == reason


async def test_two_are_not_called_the_same_and_there_is_a_number_of_them_at_most(face: Face) -> None:
    await save(face, happy())
    with pytest.raises(Conflict) as taken:
        await save(face, happy(name=" happy  HOUR"))
    assert taken.value.reason == "NAME_TAKEN"
    for number in range(PROMOTIONS_MAX - 1):
        await save(face, happy(name=f"Day {number}", active=False))
    with pytest.raises(Unprocessable) as refused:
        await save(face, happy(name="One more"))
    assert refused.value.reason == "TOO_MANY_PROMOTIONS"


async def test_what_is_ordered_later_has_the_promotions_of_its_time_and_a_persons_percentage(
    face: Face,
) -> None:
    order = await face.world.place()
    with face.being():
        await face.give(order)
    await save(face, happy())
    more = await add(face.world, order.id, draft_line(face.world.burger, quantity=2))
    by_person, by_promotion = more.discounts
    # A fifth of the two that came in its time, then a tenth of what is left of all three.
    assert (by_promotion.amount_minor, by_person.amount_minor) == (400, 260)
    assert (more.totals.discount_minor, more.totals.goods_minor) == (660, 2_340)
    left = await void(face.world, order.id, more.lines[1].id, quantity=1)
    assert [one.amount_minor for one in left.discounts] == [180, 200]
    assert left.totals.goods_minor == 1_620
