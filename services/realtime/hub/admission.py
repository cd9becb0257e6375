"""Whom a connection belongs to, what it may read, how many there may be, and how fast it may talk. Pure
rules.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import lru_cache
from uuid import UUID

from chassis.auth import Principal, Revocation, RevokedKind
from chassis.errors import PermissionDenied, Problem, Unauthenticated
from chassis.messaging.channels import CHANNELS, SUBSCRIBE
from services.realtime.codes import Close
from services.realtime.hub.session import Identity, Session
from services.realtime.limits import ADDRESSES_MAX, INBOUND_BURST, INBOUND_PER_SECOND

NATIVE_CLIENTS = frozenset({"ios", "kds"})
"""Clients that are no browser and so send no Origin."""
Refuse = Callable[[Problem, Identity | None, str, str], None]
"""Counts a refusal of access: why, to whom (None: nobody that is known), what was asked for, from where."""


@lru_cache(maxsize=256)
def allowed_channels(permissions: frozenset[str]) -> frozenset[str]:
    """Short names of the channels that these permissions open."""
    if SUBSCRIBE not in permissions:
        return frozenset()
    return frozenset(name for name, spec in CHANNELS.items() if spec.permission in permissions)


def identity_of(principal: Principal, device_id: str) -> Identity:
    """What to remember of a verified token. The device is the token's, else what the hello says."""
    return Identity(
        subject=principal.subject,
        session_id=principal.session_id,
        restaurant_id=str(principal.restaurant_id or ""),
        device_id=principal.device_id or device_id,
        device_proven=bool(principal.device_id),
        client=principal.client,
        issued_at=principal.issued_at,
        allowed=allowed_channels(principal.permissions),
    )


def refusal_of(
    principal: Principal, device_id: str, origin_allowed: bool
) -> tuple[Close, PermissionDenied] | None:
    """Why a hello with this token is refused; None: it is welcome."""
    if principal.restaurant_id is None:
        return Close.MISMATCH, PermissionDenied("choose a restaurant first", reason="NO_RESTAURANT")
    if principal.device_id and device_id and principal.device_id != device_id:
        return Close.MISMATCH, PermissionDenied("the token is another device's", reason="OTHER_DEVICE")
    if not origin_allowed and principal.client not in NATIVE_CLIENTS:
        return Close.TOKEN_INVALID, PermissionDenied("no page of ours asks", reason="ORIGIN_REFUSED")
    return None


def denial_of(identity: Identity | None, restaurant_id: str, short: str) -> PermissionDenied | None:
    """Why somebody may not read a channel; None: they may."""
    if identity is None or restaurant_id != identity.restaurant_id:
        return PermissionDenied("the channel is another restaurant's", reason="OTHER_RESTAURANT")
    if short not in identity.allowed:
        permission = CHANNELS[short].permission
        return PermissionDenied(
            f"{permission} is needed", reason="PERMISSION_MISSING", metadata={"permission": permission}
        )
    return None


def close_of(problem: Problem) -> Close:
    """The close code for a token that could not be verified."""
    if problem.reason == "TOKEN_EXPIRED":
        return Close.TOKEN_EXPIRED
    if problem.reason == "TOKEN_REVOKED":
        return Close.REVOKED
    return Close.TOKEN_INVALID if isinstance(problem, Unauthenticated) else Close.INTERNAL


def same_holder(before: Identity, principal: Principal) -> bool:
    """Whether a fresh token may continue a connection: same person, restaurant and device."""
    same_device = not principal.device_id or principal.device_id == before.device_id
    same_restaurant = str(principal.restaurant_id or "") == before.restaurant_id
    return principal.subject == before.subject and same_restaurant and same_device


def covers(revocation: Revocation, identity: Identity) -> bool:
    """Whether a revocation ends the connection of ``identity``."""
    if identity.issued_at >= revocation.valid_after:
        return False
    if revocation.kind is RevokedKind.DEVICE:
        return identity.device_id == revocation.id
    if revocation.kind is RevokedKind.RESTAURANT:
        return identity.restaurant_id == revocation.id
    try:
        named = UUID(revocation.id)
    except ValueError:
        return False
    return named == (identity.subject if revocation.kind is RevokedKind.USER else identity.session_id)


def within_rate(session: Session, now: float) -> bool:
    """Takes one token from the session's bucket. False: it is empty."""
    gained = (now - session.tokens_at) * INBOUND_PER_SECOND
    session.tokens = min(INBOUND_BURST, session.tokens + gained)
    session.tokens_at = now
    if session.tokens < 1.0:
        return False
    session.tokens -= 1.0
    return True


class Arrivals:
    """A bucket of new sockets for each address; those that have not come for longest are forgotten."""

    __slots__ = ("_buckets", "burst", "per_second")

    def __init__(self, per_second: float, burst: float) -> None:
        self.per_second = per_second
        self.burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, address: str, now: float) -> bool:
        """One socket of ``address``. False: it had its share."""
        tokens, at = self._buckets.pop(address, (self.burst, now))
        tokens = min(self.burst, tokens + (now - at) * self.per_second)
        welcome = tokens >= 1.0
        self._buckets[address] = (tokens - welcome, now)
        while len(self._buckets) > ADDRESSES_MAX:
            self._buckets.popitem(last=False)
        return welcome


class Counts:
    """How many connections a device and a restaurant hold, and an address before it says who it is."""

    __slots__ = (
        "_arrivals",
        "_devices",
        "_restaurants",
        "_strangers",
        "per_address",
        "per_device",
        "per_restaurant",
    )

    def __init__(self, per_device: int, per_restaurant: int, per_address: int, arrivals: Arrivals) -> None:
        self._arrivals = arrivals
        self.per_device = per_device
        self.per_restaurant = per_restaurant
        self.per_address = per_address
        self._strangers: dict[str, int] = {}
        self._devices: dict[tuple[str, UUID | None, str], tuple[Session, ...]] = {}
        self._restaurants: dict[str, int] = {}

    @property
    def restaurants(self) -> Mapping[str, int]:
        """Connections by restaurant."""
        return self._restaurants

    def arrive(self, address: str, now: float) -> bool:
        """Counts a stranger in. False: its address has too many, or they come too fast. An empty address is
        not counted.
        """
        if not address:
            return True
        if not self._arrivals.take(address, now):
            return False
        strangers = self._strangers.get(address, 0)
        if strangers >= self.per_address:
            return False
        self._strangers[address] = strangers + 1
        return True

    def depart(self, address: str) -> None:
        """Counts a stranger out: it is gone, or it is none any more."""
        left = self._strangers.get(address, 0) - 1
        if left > 0:
            self._strangers[address] = left
        else:
            self._strangers.pop(address, None)

    def admit(self, session: Session, identity: Identity) -> tuple[Session, ...] | None:
        """Counts a connection in; the older ones of its device that it replaces. None: the restaurant is
        full.
        """
        key = _device(identity)
        held = self._devices.get(key, ())
        replaced = held[: max(0, len(held) + 1 - self.per_device)]
        taken = self._restaurants.get(identity.restaurant_id, 0)
        if taken - len(replaced) >= self.per_restaurant:
            return None
        self._restaurants[identity.restaurant_id] = taken + 1
        self._devices[key] = (*held, session)
        return replaced

    def leave(self, session: Session, identity: Identity) -> None:
        """Counts a connection out."""
        key = _device(identity)
        left = tuple(one for one in self._devices.get(key, ()) if one is not session)
        if left:
            self._devices[key] = left
        else:
            self._devices.pop(key, None)
        taken = self._restaurants.get(identity.restaurant_id, 0) - 1
        if taken > 0:
            self._restaurants[identity.restaurant_id] = taken
        else:
            self._restaurants.pop(identity.restaurant_id, None)


def _device(identity: Identity) -> tuple[str, UUID | None, str]:
    """A device's name is no secret: only the same person's next connection may replace one."""
    return identity.restaurant_id, identity.subject, identity.device_id or str(identity.session_id)
