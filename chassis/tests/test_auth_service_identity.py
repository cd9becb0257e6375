"""How services prove to each other which one they are."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from chassis.auth import ServiceIdentity
from chassis.auth.service_identity import (
    CACHE_MAX_HEADERS,
    MAX_AGE_SECONDS,
    RENEW_SECONDS,
    SignedCall,
    key_bytes,
    public_key_of,
)
from chassis.clock import FakeClock
from chassis.errors import Unauthenticated
from harness.rpc import identity_for_tests, key_for_tests

METHOD = "/fynlo.catalog.v1.CatalogService/ReleaseStock"
CALL = SignedCall("catalog", METHOD, str(uuid4()))


@pytest.fixture
def orders(fake_clock: FakeClock) -> ServiceIdentity:
    return identity_for_tests("orders", fake_clock)


@pytest.fixture
def catalog(fake_clock: FakeClock) -> ServiceIdentity:
    return identity_for_tests("catalog", fake_clock)


def refused(peer: ServiceIdentity, header: str, call: SignedCall = CALL) -> str:
    with pytest.raises(Unauthenticated) as problem:
        peer.recognise(header, call.method, call.tenant)
    return problem.value.reason


def test_a_peer_is_recognised_by_name(orders: ServiceIdentity, catalog: ServiceIdentity) -> None:
    assert catalog.recognise(orders.header(CALL), METHOD, CALL.tenant) == "orders"
    assert catalog.recognise(orders.header(CALL), METHOD, CALL.tenant) == "orders"
    assert catalog.remembered == 1


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(CALL, method="/fynlo.catalog.v1.CatalogService/ReserveStock"),
        replace(CALL, tenant=str(uuid4())),
        replace(CALL, tenant=""),
    ],
)
def test_a_signature_is_worth_nothing_for_another_method_or_restaurant(
    elsewhere: SignedCall, orders: ServiceIdentity, catalog: ServiceIdentity
) -> None:
    header = orders.header(CALL)
    catalog.recognise(header, METHOD, CALL.tenant)
    assert refused(catalog, header, elsewhere) == "SERVICE_IDENTITY_INVALID"


def test_a_signature_for_one_peer_is_worth_nothing_to_another(
    orders: ServiceIdentity, fake_clock: FakeClock
) -> None:
    payments = identity_for_tests("payments", fake_clock)
    assert refused(payments, orders.header(CALL)) == "SERVICE_IDENTITY_INVALID"


def test_who_checks_signatures_can_make_none_but_their_own(
    catalog: ServiceIdentity, fake_clock: FakeClock
) -> None:
    thief = ServiceIdentity("orders", key_for_tests("realtime"), fake_clock, peers={})
    assert refused(catalog, thief.header(CALL)) == "SERVICE_IDENTITY_INVALID"


def test_a_service_that_nobody_knows_is_refused(catalog: ServiceIdentity, fake_clock: FakeClock) -> None:
    stranger = ServiceIdentity("backdoor", key_for_tests("backdoor"), fake_clock, peers={})
    assert refused(catalog, stranger.header(CALL)) == "SERVICE_IDENTITY_INVALID"


def test_a_header_is_renewed_long_before_it_wears_off(orders: ServiceIdentity, fake_clock: FakeClock) -> None:
    first = orders.header(CALL)
    fake_clock.advance(timedelta(seconds=RENEW_SECONDS - 1))
    assert orders.header(CALL) == first
    fake_clock.advance(timedelta(seconds=1))
    assert orders.header(CALL) != first
    assert RENEW_SECONDS < MAX_AGE_SECONDS


def test_an_identity_wears_off(
    orders: ServiceIdentity, catalog: ServiceIdentity, fake_clock: FakeClock
) -> None:
    header = orders.header(CALL)
    catalog.recognise(header, METHOD, CALL.tenant)
    fake_clock.advance(timedelta(seconds=MAX_AGE_SECONDS + 1))
    assert refused(catalog, header) == "SERVICE_IDENTITY_INVALID"


def test_an_identity_from_the_future_is_refused(catalog: ServiceIdentity, fake_clock: FakeClock) -> None:
    ahead = FakeClock(fake_clock.now() + timedelta(seconds=MAX_AGE_SECONDS + 1))
    assert refused(catalog, identity_for_tests("orders", ahead).header(CALL)) == "SERVICE_IDENTITY_INVALID"


@pytest.mark.parametrize("part", [0, 1, 2])
def test_no_part_of_a_header_can_be_changed(
    part: int, orders: ServiceIdentity, catalog: ServiceIdentity
) -> None:
    parts = orders.header(CALL).split(".")
    changed = {
        0: "payments",
        1: str(int(parts[1]) + 1),
        2: ("A" if parts[2][0] != "A" else "B") + parts[2][1:],
    }
    parts[part] = changed[part]
    assert refused(catalog, ".".join(parts)) == "SERVICE_IDENTITY_INVALID"


@pytest.mark.parametrize("header", ["", "orders", "orders.1.2", "orders..", "ORDERS.1.a", "o.1." + "A" * 86])
def test_what_is_not_an_identity_is_refused(header: str, catalog: ServiceIdentity) -> None:
    assert refused(catalog, header) == "SERVICE_IDENTITY_INVALID"


def test_a_key_rotates_without_downtime(fake_clock: FakeClock) -> None:
    old, new = key_for_tests("orders"), key_for_tests("orders, second key")
    both = {"orders": [public_key_of(old), public_key_of(new)]}
    catalog = ServiceIdentity("catalog", key_for_tests("catalog"), fake_clock, peers=both)
    for key in (old, new):
        orders = ServiceIdentity("orders", key, fake_clock, peers={})
        assert catalog.recognise(orders.header(CALL), METHOD, CALL.tenant) == "orders"
    settled = ServiceIdentity(
        "catalog", key_for_tests("catalog"), fake_clock, peers={"orders": [public_key_of(new)]}
    )
    gone = ServiceIdentity("orders", old, fake_clock, peers={})
    assert refused(settled, gone.header(CALL)) == "SERVICE_IDENTITY_INVALID"


@pytest.mark.parametrize("key", ["", "short", "!" * 43, "A" * 44])
def test_what_is_no_key_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ValueError, match="32 bytes") as wrong:
        key_bytes(key)
    assert not key or key not in str(wrong.value)


def test_the_memory_for_headers_is_bounded(catalog: ServiceIdentity, orders: ServiceIdentity) -> None:
    for number in range(CACHE_MAX_HEADERS + 10):
        call = replace(CALL, tenant=str(number))
        catalog.recognise(orders.header(call), METHOD, call.tenant)
    assert catalog.remembered == CACHE_MAX_HEADERS
