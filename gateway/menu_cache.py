"""Rendered menus. Tills ask for the menu all day and it seldom changes: the bytes are kept per restaurant,
whole and as what changed since a version, plain and packed.

A menu is asked about again when the catalog says that something of it moved (menu, stock, availability), when
a change went through this gateway, and after a short time anyway, because hours open and close by the clock.
"""

import asyncio
import gzip
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from nats.aio.msg import Msg

from chassis.telemetry import counter

RESTAURANTS_MAX = 2_000
DELTAS_MAX = 16
"""Versions of a restaurant's menu that its devices come from; a till that was off asks from an older one."""
FRESH_SECONDS = 2.0
"""How long a menu is served without asking the catalog whether it still stands."""
CHANGES_SUBJECT = "fynlo.catalog.v1.*.*"
PACK_LEVEL = 5
PACK_BYTES_MIN = 1_024

_reads = counter("gateway_menu_reads_total", "Menus answered, by where they came from", ["source"])
_cached = _reads.labels("cache")


@dataclass(slots=True)
class CachedMenu:
    """One rendered answer. ``checked_at`` is monotonic seconds; ``packed`` its gzip, made for the first who
    takes it.
    """

    etag: str
    body: bytes
    checked_at: float
    packed: bytes | None = None

    def is_fresh(self) -> bool:
        """Whether it may be served as it is."""
        return time.monotonic() - self.checked_at <= FRESH_SECONDS

    async def content(self, packed: bool) -> tuple[bytes, dict[str, str]]:
        """The body and the header fields that say how it is coded. Packing happens beside the loop."""
        fields = {"Vary": "Accept-Encoding"}
        if not packed or len(self.body) < PACK_BYTES_MIN:
            return self.body, fields
        if self.packed is None:
            self.packed = await asyncio.to_thread(gzip.compress, self.body, PACK_LEVEL, mtime=0)
        return self.packed, fields | {"Content-Encoding": "gzip"}


@dataclass(slots=True)
class _Held:
    whole: CachedMenu | None = None
    deltas: OrderedDict[int, CachedMenu] = field(default_factory=OrderedDict)


class MenuCache:
    """Bounded; the restaurant that was not asked for longest goes first."""

    def __init__(self) -> None:
        self._menus: OrderedDict[str, _Held] = OrderedDict()

    def fresh(self, restaurant_id: str) -> CachedMenu | None:
        """A menu that may be served as it is."""
        held = self._menus.get(restaurant_id)
        if held is None or held.whole is None or not held.whole.is_fresh():
            return None
        _cached.inc()
        return held.whole

    def fresh_delta(self, restaurant_id: str, since: int) -> CachedMenu | None:
        """What changed since a version, where that may be served as it is."""
        held = self._menus.get(restaurant_id)
        delta = None if held is None else held.deltas.get(since)
        if delta is None or not delta.is_fresh():
            return None
        _cached.inc()
        return delta

    def known_etag(self, restaurant_id: str) -> str:
        """The tag to ask the catalog about; "" where nothing is held."""
        held = self._menus.get(restaurant_id)
        return "" if held is None or held.whole is None else held.whole.etag

    def confirmed(self, restaurant_id: str) -> CachedMenu | None:
        """The held menu, which the catalog just said still stands; None if it was forgotten meanwhile."""
        held = self._menus.get(restaurant_id)
        menu = None if held is None else held.whole
        if menu is not None:
            _reads.labels("confirmed").inc()
            menu.checked_at = time.monotonic()
        return menu

    def put(self, restaurant_id: str, etag: str, body: bytes, asked_at: float) -> CachedMenu:
        """Keeps a menu that was asked for at ``asked_at`` (monotonic seconds)."""
        menu = self._room(restaurant_id).whole = CachedMenu(etag, body, asked_at)
        return menu

    def put_delta(
        self, restaurant_id: str, since: int, etag: str, body: bytes, asked_at: float
    ) -> CachedMenu:
        """Keeps what changed since a version."""
        deltas = self._room(restaurant_id).deltas
        delta = deltas[since] = CachedMenu(etag, body, asked_at)
        deltas.move_to_end(since)
        while len(deltas) > DELTAS_MAX:
            deltas.popitem(last=False)
        return delta

    def _room(self, restaurant_id: str) -> _Held:
        _reads.labels("catalog").inc()
        held = self._menus.setdefault(restaurant_id, _Held())
        self._menus.move_to_end(restaurant_id)
        while len(self._menus) > RESTAURANTS_MAX:
            self._menus.popitem(last=False)
        return held

    def expire(self, restaurant_id: str) -> None:
        """The next read asks the catalog."""
        held = self._menus.get(restaurant_id)
        if held is not None:
            held.deltas.clear()
            if held.whole is not None:
                held.whole.checked_at = float("-inf")

    async def on_change(self, message: Msg) -> None:
        """An event of the catalog; the last token of its subject is the restaurant."""
        self.expire(message.subject.rpartition(".")[2])


def packed_tag(etag: str) -> str:
    """The tag of the packed form of what has ``etag``: a strong tag names one sequence of bytes."""
    return f'{etag[:-1]}-gzip"'
