"""Rendered menus are served as long as they stand, packed for who takes it."""

import gzip

import pytest
from starlette.requests import Request

from gateway.menu_cache import (
    DELTAS_MAX,
    FRESH_SECONDS,
    PACK_BYTES_MIN,
    RESTAURANTS_MAX,
    MenuCache,
    packed_tag,
)
from gateway.menu_reading import takes_gzip

NOW = float("inf")  # asked in the future: fresh however slow the test


def test_a_change_of_the_catalog_ends_the_menu_and_every_delta() -> None:
    cache = MenuCache()
    cache.put("r", '"1"', b"whole", NOW)
    cache.put_delta("r", 3, '"1"', b"since 3", NOW)
    cache.put("other", '"1"', b"whole", NOW)
    assert cache.fresh("r") is not None
    assert cache.fresh_delta("r", 3) is not None
    cache.expire("r")
    assert cache.fresh("r") is None
    assert cache.fresh_delta("r", 3) is None
    assert cache.known_etag("r") == '"1"'
    assert cache.fresh("other") is not None


def test_nothing_is_served_unasked_for_longer_than_it_is_fresh() -> None:
    cache = MenuCache()
    cache.put("r", '"1"', b"whole", -2 * FRESH_SECONDS)
    cache.put_delta("r", 3, '"1"', b"since 3", -2 * FRESH_SECONDS)
    assert cache.fresh("r") is None
    assert cache.fresh_delta("r", 3) is None
    assert cache.confirmed("r") is not None
    assert cache.fresh("r") is not None


def test_deltas_of_another_version_or_restaurant_are_not_mixed_up() -> None:
    cache = MenuCache()
    cache.put_delta("r", 3, '"1"', b"since 3", NOW)
    assert cache.fresh_delta("r", 4) is None
    assert cache.fresh_delta("s", 3) is None
    assert cache.fresh("r") is None


def test_restaurants_and_deltas_are_bounded() -> None:
    cache = MenuCache()
    for since in range(DELTAS_MAX + 5):
        cache.put_delta("r", since, '"1"', b"", NOW)
    assert cache.fresh_delta("r", 4) is None
    assert cache.fresh_delta("r", DELTAS_MAX + 4) is not None
    for number in range(RESTAURANTS_MAX):
        cache.put(str(number), '"1"', b"", NOW)
    assert cache.fresh_delta("r", DELTAS_MAX + 4) is None


async def test_the_packed_form_unpacks_to_the_plain_one_and_is_made_once() -> None:
    body = b'{"name":"Dish"}' * PACK_BYTES_MIN
    menu = MenuCache().put("r", '"1"', body, NOW)
    plain, fields = await menu.content(packed=False)
    assert (plain, fields) == (body, {"Vary": "Accept-Encoding"})
    packed, fields = await menu.content(packed=True)
    assert gzip.decompress(packed) == body
    assert fields == {"Vary": "Accept-Encoding", "Content-Encoding": "gzip"}
    assert (await menu.content(packed=True))[0] is packed


async def test_what_is_small_is_not_packed() -> None:
    menu = MenuCache().put("r", '"1"', b"{}", NOW)
    assert await menu.content(packed=True) == (b"{}", {"Vary": "Accept-Encoding"})


def test_the_packed_form_has_a_tag_of_its_own() -> None:
    assert packed_tag('"abc"') == '"abc-gzip"'


@pytest.mark.parametrize(
    ("accepts", "taken"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.8", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0, br", False),
        ("gzip; q=0.0", False),
        ("xgzip", False),
    ],
)
def test_gzip_goes_to_who_names_it(accepts: str, taken: bool) -> None:
    scope = {"type": "http", "headers": [(b"accept-encoding", accepts.encode())]}
    assert takes_gzip(Request(scope)) is taken
