"""Rendered menus. Tills ask for the menu all day and it seldom changes: the bytes are kept per restaurant,
whole and as what changed since a version, plain and packed.

A menu is asked about again when the catalog says that something of it moved (menu, stock, availability), when
a change went through this gateway, and after a short time anyway, because hours open and close by the clock.
"""

import asyncio
import gzip
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from nats.aio.msg import Msg

from chassis.recent import Recent
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
    """One rendered answer. ``asked_at``: when the catalog was last asked about it; ``packed``: its gzip, made
    for the first who takes it.
    """

    etag: str
    body: bytes
    asked_at: float
    packed: bytes | None = None

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
    deltas: Recent[int, CachedMenu] = field(default_factory=lambda: Recent(DELTAS_MAX))


class MenuCache:
    """Bounded; the restaurant that was held first goes first. ``now``: the clock of ``asked_at``, in seconds.
    ``since`` is the version that a menu's changes are told from; None for the whole menu.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._menus: Recent[str, _Held] = Recent(RESTAURANTS_MAX)
        self._moved: Recent[str, float] = Recent(RESTAURANTS_MAX)

    def fresh(self, restaurant_id: str, since: int | None) -> CachedMenu | None:
        """What may be served as it is: what was asked for before the last change may not."""
        held = self._menus.get(restaurant_id, _Held())
        menu = held.whole if since is None else held.deltas.get(since)
        moved_at = self._moved.get(restaurant_id, float("-inf"))
        if menu is None or menu.asked_at <= moved_at or self.now() - menu.asked_at > FRESH_SECONDS:
            return None
        _cached.inc()
        return menu

    def whole(self, restaurant_id: str) -> CachedMenu | None:
        """The whole menu as it is held, to ask the catalog whether it still stands."""
        return self._menus.get(restaurant_id, _Held()).whole

    def confirm(self, menu: CachedMenu, asked_at: float) -> CachedMenu:
        """The catalog, asked at ``asked_at``, said that it stands."""
        _reads.labels("confirmed").inc()
        menu.asked_at = asked_at
        return menu

    def put(self, restaurant_id: str, since: int | None, menu: CachedMenu) -> CachedMenu:
        """Keeps what the catalog answered."""
        _reads.labels("catalog").inc()
        held = self._menus[restaurant_id] = self._menus.get(restaurant_id, _Held())
        if since is None:
            held.whole = menu
        else:
            held.deltas[since] = menu
        return menu

    def expire(self, restaurant_id: str) -> None:
        """Something of the menu moved now: the next read asks the catalog."""
        self._moved[restaurant_id] = self.now()

    async def on_change(self, message: Msg) -> None:
        """An event of the catalog; the last token of its subject is the restaurant."""
        self.expire(message.subject.rpartition(".")[2])


def packed_tag(etag: str) -> str:
    """The tag of the packed form of what has ``etag``: a strong tag names one sequence of bytes."""
    return f'{etag[:-1]}-gzip"'
