"""Rendered menus. Tills ask for the menu all day and it seldom changes: the bytes are kept per restaurant.

A menu is asked about again when the catalog says that something of it moved (menu, stock, availability), when
a change went through this gateway, and after a short time anyway, because hours open and close by the clock.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass

from nats.aio.msg import Msg

from chassis.telemetry import counter

RESTAURANTS_MAX = 2_000
FRESH_SECONDS = 2.0
"""How long a menu is served without asking the catalog whether it still stands."""
CHANGES_SUBJECT = "fynlo.catalog.v1.*.*"

_reads = counter("gateway_menu_reads_total", "Menus answered, by where they came from", ["source"])


@dataclass(slots=True)
class CachedMenu:
    """One rendered answer. ``checked_at`` is monotonic seconds."""

    etag: str
    body: bytes
    checked_at: float


class MenuCache:
    """Bounded; the restaurant that was not asked for longest goes first."""

    def __init__(self) -> None:
        self._menus: OrderedDict[str, CachedMenu] = OrderedDict()

    def fresh(self, restaurant_id: str) -> CachedMenu | None:
        """A menu that may be served as it is."""
        menu = self._menus.get(restaurant_id)
        if menu is None or time.monotonic() - menu.checked_at > FRESH_SECONDS:
            return None
        _reads.labels("cache").inc()
        return menu

    def known_etag(self, restaurant_id: str) -> str:
        """The tag to ask the catalog about; "" where nothing is held."""
        menu = self._menus.get(restaurant_id)
        return "" if menu is None else menu.etag

    def confirmed(self, restaurant_id: str) -> CachedMenu | None:
        """The held menu, which the catalog just said still stands; None if it was forgotten meanwhile."""
        menu = self._menus.get(restaurant_id)
        if menu is not None:
            _reads.labels("confirmed").inc()
            menu.checked_at = time.monotonic()
        return menu

    def put(self, restaurant_id: str, etag: str, body: bytes, asked_at: float) -> CachedMenu:
        """Keeps a menu that was asked for at ``asked_at`` (monotonic seconds)."""
        _reads.labels("catalog").inc()
        menu = self._menus[restaurant_id] = CachedMenu(etag, body, asked_at)
        self._menus.move_to_end(restaurant_id)
        while len(self._menus) > RESTAURANTS_MAX:
            self._menus.popitem(last=False)
        return menu

    def expire(self, restaurant_id: str) -> None:
        """The next read asks the catalog."""
        menu = self._menus.get(restaurant_id)
        if menu is not None:
            menu.checked_at = float("-inf")

    async def on_change(self, message: Msg) -> None:
        """A fact of the catalog; the last token of its subject is the restaurant."""
        self.expire(message.subject.rpartition(".")[2])
