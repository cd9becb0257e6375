"""How services recognise each other."""

from datetime import timedelta

import pytest

from chassis.auth import ServiceIdentity
from chassis.auth.service_identity import CACHE_MAX_HEADERS, MAX_AGE_SECONDS, RENEW_SECONDS
from chassis.clock import FakeClock
from chassis.errors import Unauthenticated
from chassis.testing_rpc import settings_for_tests

SECRET = "one secret of thirty-two characters"
OTHER = "another secret of thirty-two letters"


@pytest.fixture
def orders(fake_clock: FakeClock) -> ServiceIdentity:
    return ServiceIdentity("orders", SECRET, fake_clock)


@pytest.fixture
def catalog(fake_clock: FakeClock) -> ServiceIdentity:
    return ServiceIdentity("catalog", SECRET, fake_clock)


def test_a_peer_is_recognised_by_name(orders: ServiceIdentity, catalog: ServiceIdentity) -> None:
    assert catalog.recognise(orders.header()) == "orders"
    assert orders.recognise(catalog.header()) == "catalog"


def test_an_identity_wears_off_also_when_it_was_recognised_before(
    orders: ServiceIdentity, catalog: ServiceIdentity, fake_clock: FakeClock
) -> None:
    header = orders.header()
    catalog.recognise(header)
    fake_clock.advance(timedelta(seconds=MAX_AGE_SECONDS))
    catalog.recognise(header)
    fake_clock.advance(timedelta(seconds=1))
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            catalog.recognise(header)


def test_a_header_is_renewed_long_before_it_wears_off(orders: ServiceIdentity, fake_clock: FakeClock) -> None:
    first = orders.header()
    fake_clock.advance(timedelta(seconds=RENEW_SECONDS - 1))
    assert orders.header() == first
    fake_clock.advance(timedelta(seconds=1))
    assert orders.header() != first


def test_an_identity_from_the_future_is_refused(catalog: ServiceIdentity, fake_clock: FakeClock) -> None:
    ahead = FakeClock(fake_clock.now() + timedelta(seconds=MAX_AGE_SECONDS + 1))
    with pytest.raises(Unauthenticated):
        catalog.recognise(ServiceIdentity("orders", SECRET, ahead).header())


@pytest.mark.parametrize("part", [0, 1, 2])
def test_no_part_of_an_identity_can_be_changed(
    part: int, orders: ServiceIdentity, catalog: ServiceIdentity
) -> None:
    parts = orders.header().split(".")
    parts[part] = {0: "realtime", 1: str(int(parts[1]) + 1), 2: "0" * 64}[part]
    with pytest.raises(Unauthenticated):
        catalog.recognise(".".join(parts))


@pytest.mark.parametrize(
    "header", ["", "orders", "orders..", "ORDERS.1700000000." + "0" * 64, "a.1e9." + "0" * 64]
)
def test_what_is_not_an_identity_is_refused(header: str, catalog: ServiceIdentity) -> None:
    with pytest.raises(Unauthenticated):
        catalog.recognise(header)


def test_the_secret_rotates_without_a_moment_of_refusal(fake_clock: FakeClock) -> None:
    old = ServiceIdentity("orders", SECRET, fake_clock)
    rotated = ServiceIdentity("catalog", OTHER, fake_clock, accepted=[SECRET])
    assert rotated.recognise(old.header()) == "orders"
    with pytest.raises(Unauthenticated):
        old.recognise(rotated.header())
    settled = ServiceIdentity("payments", OTHER, fake_clock)
    assert settled.recognise(rotated.header()) == "catalog"
    with pytest.raises(Unauthenticated):
        settled.recognise(old.header())


def test_settings_name_both_secrets(fake_clock: FakeClock) -> None:
    settings = settings_for_tests(service_secret=OTHER, service_secret_previous=SECRET)
    identity = ServiceIdentity.of(settings, fake_clock)
    assert identity.recognise(ServiceIdentity("auth", SECRET, fake_clock).header()) == "auth"
    assert identity.name == settings.service_name


def test_the_memory_for_headers_is_bounded(catalog: ServiceIdentity, fake_clock: FakeClock) -> None:
    for number in range(CACHE_MAX_HEADERS + 10):
        catalog.recognise(ServiceIdentity(f"s{number}", SECRET, fake_clock).header())
    assert catalog.remembered == CACHE_MAX_HEADERS
