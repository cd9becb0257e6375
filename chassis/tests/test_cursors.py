"""Cursors of every list that the contracts have: what one list gave is good there and nowhere else."""

import base64
import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fynlo.auth.v1 import auth_service_pb2 as auth_api
from fynlo.auth.v1 import people_service_pb2 as people_api
from fynlo.catalog.v1 import catalog_service_pb2 as catalog_api
from fynlo.common.v1.common_pb2 import PageRequest
from fynlo.operations.v1 import parked_events_service_pb2 as parked_events_api
from fynlo.orders.v1 import orders_pb2
from fynlo.orders.v1 import orders_service_pb2 as orders_api
from fynlo.payments.v1 import payments_service_pb2 as payments_api
from fynlo.staff.v1 import staff_service_pb2 as staff_api
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given
from hypothesis import strategies as st

from chassis.rpc.cursors import (
    BY_ID,
    BY_NUMBER,
    BY_TIME,
    BY_TIME_AND_NAME,
    NUMBER_MAX,
    PAGE_DEFAULT,
    PAGE_MAX,
    InvalidCursor,
    Ordering,
    page_of,
)

CONTRACTS = (
    auth_api,
    people_api,
    catalog_api,
    orders_api,
    payments_api,
    staff_api,
    parked_events_api,
)
LISTS = [
    GetMessageClass(message)
    for contract in CONTRACTS
    for message in contract.DESCRIPTOR.message_types_by_name.values()
    if message.name.endswith("Request")
    and ("page" in message.fields_by_name or "cursor" in message.fields_by_name)
]
INSTANTS = st.datetimes(timezones=st.just(UTC))
NAMES = st.from_regex(r"[\w-]{1,64}", fullmatch=True)
PLACES: list[tuple[Ordering[Any], st.SearchStrategy[Any]]] = [
    (BY_ID, st.uuids()),
    (BY_NUMBER, st.integers(0, NUMBER_MAX)),
    (BY_TIME, st.tuples(INSTANTS, st.uuids())),
    (BY_TIME_AND_NAME, st.tuples(INSTANTS, st.uuids(), NAMES)),
]
KINDS = st.sampled_from(PLACES)


def asking(kind: Any, cursor: str = "", limit: int = 0, **filters: Any) -> Message:
    if "page" in kind.DESCRIPTOR.fields_by_name:
        return kind(page=PageRequest(cursor=cursor, limit=limit), **filters)  # type: ignore[no-any-return]
    return kind(cursor=cursor, limit=limit, **filters)  # type: ignore[no-any-return]


def test_the_contracts_have_these_lists() -> None:
    assert len(LISTS) == 12


@given(st.data(), st.sampled_from(LISTS), KINDS)
def test_a_list_reads_its_own_cursor_again(data: st.DataObject, kind: Any, places: Any) -> None:
    order, strategy = places
    place = data.draw(strategy)
    cursor = page_of(asking(kind), order).cursor(place)
    assert page_of(asking(kind, cursor, limit=7), order).after == place
    # What the edge lets pass (gateway.texts) and the contract (PageRequest).
    assert re.fullmatch(r"[A-Za-z0-9_=-]{1,512}", cursor)


@given(st.data(), KINDS)
def test_the_cursor_of_another_list_is_refused(data: st.DataObject, places: Any) -> None:
    order, strategy = places
    one, other = data.draw(st.permutations(LISTS))[:2]
    cursor = page_of(asking(one), order).cursor(data.draw(strategy))
    with pytest.raises(InvalidCursor):
        page_of(asking(other, cursor), order)


@pytest.mark.parametrize(
    ("kind", "filters"),
    [
        (orders_api.ListOrdersRequest, {"states": [orders_pb2.ORDER_STATE_DONE]}),
        (orders_api.ListOrdersRequest, {"business_date": "2026-03-02"}),
        (payments_api.ListTillSessionsRequest, {"open_only": True}),
        (payments_api.ListPaymentsRequest, {"order_id": str(UUID(int=1))}),
        (staff_api.ListEmployeesRequest, {"include_inactive": True}),
    ],
)
def test_a_cursor_is_good_with_its_own_filters_only(kind: Any, filters: dict[str, Any]) -> None:
    place = datetime(2026, 3, 2, tzinfo=UTC), UUID(int=7)
    wide, narrow = page_of(asking(kind), BY_TIME), page_of(asking(kind, **filters), BY_TIME)
    assert page_of(asking(kind, narrow.cursor(place), **filters), BY_TIME).after == place
    for cursor, other in ((wide.cursor(place), filters), (narrow.cursor(place), {})):
        with pytest.raises(InvalidCursor) as refused:
            page_of(asking(kind, cursor, **other), BY_TIME)
        assert refused.value.reason == "INVALID_CURSOR"


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@given(
    st.sampled_from(LISTS),
    KINDS,
    st.one_of(st.text(min_size=1), st.binary(min_size=1).map(encoded)),
)
def test_any_other_text_is_refused_and_nothing_worse(kind: Any, places: Any, text: str) -> None:
    with pytest.raises(InvalidCursor):
        page_of(asking(kind, text), places[0])


@given(st.sampled_from(LISTS), KINDS, st.binary(max_size=80) | st.text(max_size=40).map(str.encode))
def test_a_forged_position_is_one_that_the_list_could_have_given(kind: Any, places: Any, raw: bytes) -> None:
    order, _ = places
    start = page_of(asking(kind), order)
    cursor = encoded(start.mark + raw)
    try:
        found = page_of(asking(kind, cursor), order)
    except InvalidCursor:
        return
    assert start.cursor(found.after) == cursor


@pytest.mark.parametrize(
    ("order", "position"),
    [
        (BY_ID, "{00000000-0000-0000-0000-000000000007}"),
        (BY_ID, "0000000000000000000000000000000G"),
        (BY_NUMBER, "-1"),
        (BY_NUMBER, "007"),
        (BY_NUMBER, str(NUMBER_MAX + 1)),
        (BY_NUMBER, "9" * 5_000),
        (BY_TIME, f"{10**18}_{UUID(int=7)}"),
        (BY_TIME, f"{10**40}_{UUID(int=7)}"),
        (BY_TIME, f"1_0_{UUID(int=7)}"),
        (BY_TIME_AND_NAME, f"{10**18}_{UUID(int=7)}_orders"),
        (BY_TIME_AND_NAME, f"1_{UUID(int=7)}_or\0ders"),
        (BY_TIME_AND_NAME, f"1_{UUID(int=7)}"),
    ],
)
def test_a_forged_position_that_no_list_has_is_refused(order: Ordering[Any], position: str) -> None:
    kind = staff_api.ListTimecardsRequest
    cursor = encoded(page_of(asking(kind), order).mark + position.encode())
    with pytest.raises(InvalidCursor):
        page_of(asking(kind, cursor), order)


@pytest.mark.parametrize(
    "cursor",
    [
        encoded(UUID(int=7).bytes),
        base64.urlsafe_b64encode(UUID(int=7).bytes).decode(),
        encoded(f"2026-03-02T12:00:00+00:00|{UUID(int=7)}".encode()),
        encoded(b"17"),
        base64.urlsafe_b64encode(bytes(6 + 8 + 16)).decode(),
        f"1772452800000000_{UUID(int=7)}_orders",
    ],
)
@pytest.mark.parametrize("kind", LISTS, ids=lambda kind: kind.DESCRIPTOR.name)
def test_a_cursor_from_before_an_update_is_refused_in_words(kind: Any, cursor: str) -> None:
    for order, _ in PLACES:
        with pytest.raises(InvalidCursor) as refused:
            page_of(asking(kind, cursor), order)
        assert refused.value.detail == "This cursor does not belong to this list."


def test_a_page_holds_what_was_asked_for_and_says_where_it_goes_on() -> None:
    kind = staff_api.ListTimecardsRequest
    assert page_of(asking(kind), BY_NUMBER).size == PAGE_DEFAULT
    assert page_of(asking(kind, limit=PAGE_MAX + 1), BY_NUMBER).size == PAGE_MAX
    page = page_of(asking(kind, limit=3), BY_NUMBER)
    assert page.one_more == 4
    shown, following = page.cut([1, 2, 3, 4], lambda number: number)
    assert (shown, page_of(asking(kind, following), BY_NUMBER).after) == ([1, 2, 3], 3)
    assert page.cut([1, 2, 3], lambda number: number) == ([1, 2, 3], "")
    assert page.cut([], lambda number: number) == ([], "")
