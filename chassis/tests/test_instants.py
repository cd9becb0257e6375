"""Instants between contracts and code: exact to the microsecond, over the whole calendar."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from fynlo.orders.v1.orders_service_pb2 import ListOrdersRequest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import assume, given
from hypothesis import strategies as st

from chassis.errors import InvalidArgument
from chassis.instants import instant, instant_of, timestamp

OFFSETS = st.integers(-1_439, 1_439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=OFFSETS))
def test_an_instant_comes_back_as_it_went(at: datetime) -> None:
    assume(2 <= at.year <= 9_998)
    stamp, reference = timestamp(at), Timestamp()
    reference.FromDatetime(at)
    assert stamp == reference
    back = instant_of(stamp, "at")
    assert (back, back.tzinfo) == (at, UTC)


def test_what_is_absent_stays_absent() -> None:
    assert timestamp(None) is None
    assert instant(ListOrdersRequest(), "updated_since") is None
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert instant(ListOrdersRequest(updated_since=timestamp(epoch)), "updated_since") == epoch


@pytest.mark.parametrize(
    "stamp",
    [
        Timestamp(seconds=10**12),
        Timestamp(seconds=-(10**12)),
        Timestamp(seconds=2**63 - 1),
        Timestamp(nanos=-1),
        Timestamp(nanos=10**9),
    ],
    ids=repr,
)
def test_what_no_calendar_has_is_refused_by_its_field(stamp: Timestamp) -> None:
    with pytest.raises(InvalidArgument) as refused:
        instant(ListOrdersRequest(updated_since=stamp), "updated_since")
    assert refused.value.reason == "INVALID_TIME"
    assert [field.field for field in refused.value.fields] == ["updated_since"]
