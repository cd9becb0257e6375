"""Rendered menus are served as long as they stand, packed for who takes it."""

import gzip

import pytest
from starlette.requests import Request

from gateway.menu_cache import (
    DELTAS_MAX,
    FRESH_SECONDS,
    PACK_BYTES_MIN,
    RESTAURANTS_MAX,
    CachedMenu,
    MenuCache,
    packed_tag,
)
from gateway.routes.menu import takes_gzip


class Ticking:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def menu(asked_at: float, body: bytes = b"whole") -> CachedMenu:
    return CachedMenu('"1"', body, asked_at)


def test_a_change_of_the_catalog_ends_the_menu_and_every_delta() -> None:
    clock = Ticking()
    cache = MenuCache(clock)
    cache.put("r", None, menu(clock.at))
    cache.put("r", 3, menu(clock.at, b"since 3"))
    cache.put("other", None, menu(clock.at))
    assert cache.fresh("r", None) is not None
    assert cache.fresh("r", 3) is not None
    cache.expire("r")
    assert cache.fresh("r", None) is None
    assert cache.fresh("r", 3) is None
    assert cache.whole("r") is not None
    assert cache.fresh("other", None) is not None


@pytest.mark.parametrize("since", [None, 3])
def test_a_menu_that_was_asked_for_before_a_change_is_not_served_after_it(since: int | None) -> None:
    clock = Ticking()
    cache = MenuCache(clock)
    asked_at = clock.at
    clock.at += 0.1
    cache.expire("r")
    clock.at += 0.1
    cache.put("r", since, menu(asked_at))
    assert cache.fresh("r", since) is None
    cache.put("r", since, menu(clock.at))
    assert cache.fresh("r", since) is not None


def test_a_menu_that_was_confirmed_before_a_change_is_not_served_after_it() -> None:
    clock = Ticking()
    cache = MenuCache(clock)
    held = cache.put("r", None, menu(clock.at))
    asked_at = clock.at = clock.at + 0.1
    clock.at += 0.1
    cache.expire("r")
    clock.at += 0.1
    cache.confirm(held, asked_at)
    assert cache.fresh("r", None) is None
    cache.confirm(held, clock.at)
    assert cache.fresh("r", None) is held


def test_nothing_is_served_unasked_for_longer_than_it_is_fresh() -> None:
    clock = Ticking()
    cache = MenuCache(clock)
    held = cache.put("r", None, menu(clock.at))
    cache.put("r", 3, menu(clock.at))
    clock.at += FRESH_SECONDS * 1.5
    assert cache.fresh("r", None) is None
    assert cache.fresh("r", 3) is None
    cache.confirm(held, clock.at)
    assert cache.fresh("r", None) is held


def test_deltas_of_another_version_or_restaurant_are_not_mixed_up() -> None:
    clock = Ticking()
    cache = MenuCache(clock)
    cache.put("r", 3, menu(clock.at))
    assert cache.fresh("r", 3) is not None
    assert cache.fresh("r", 4) is None
    assert cache.fresh("s", 3) is None
    assert cache.fresh("r", None) is None


def test_restaurants_and_deltas_are_bounded() -> None:
    clock = Ticking()
    cache = MenuCache(clock)
    for since in range(DELTAS_MAX + 5):
        cache.put("r", since, menu(clock.at))
    assert cache.fresh("r", 4) is None
    assert cache.fresh("r", DELTAS_MAX + 4) is not None
    for number in range(RESTAURANTS_MAX):
        cache.put(str(number), None, menu(clock.at))
    assert cache.fresh("r", DELTAS_MAX + 4) is None


async def test_the_packed_form_unpacks_to_the_plain_one_and_is_made_once() -> None:
    body = b'{"name":"Dish"}' * PACK_BYTES_MIN
    held = menu(0.0, body)
    plain, fields = await held.content(packed=False)
    assert (plain, fields) == (body, {"Vary": "Accept-Encoding"})
    packed, fields = await held.content(packed=True)
    assert gzip.decompress(packed) == body
    assert fields == {"Vary": "Accept-Encoding", "Content-Encoding": "gzip"}
    assert (await held.content(packed=True))[0] is packed


async def test_what_is_small_is_not_packed() -> None:
    assert await menu(0.0, b"{}").content(packed=True) == (b"{}", {"Vary": "Accept-Encoding"})


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
