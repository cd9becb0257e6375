"""How a service proves to a peer that it is one of ours: its name, the time and an HMAC of both."""

import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Self

from chassis.clock import Clock
from chassis.errors import Unauthenticated
from chassis.settings import ProcessSettings

HEADER = "x-fynlo-service"
TENANT_HEADER = "x-fynlo-restaurant"
MAX_AGE_SECONDS = 60
RENEW_SECONDS = 20
"""A header is reused this long, so that both sides mostly do no hashing."""
CACHE_MAX_HEADERS = 256

_HEADER = re.compile(r"([a-z][a-z0-9-]{0,31})\.([0-9]{10,11})\.([0-9a-f]{64})")


class ServiceIdentity:
    """Signs as ``name`` with ``secret``; recognises peers by it, or by an ``accepted`` older secret."""

    def __init__(self, name: str, secret: str, clock: Clock, *, accepted: Sequence[str] = ()) -> None:
        self.name = name
        self._secret = secret.encode()
        self._accepted = (self._secret, *(other.encode() for other in accepted))
        self._clock = clock
        self._header = ""
        self._signed_at = 0
        self._known: OrderedDict[str, tuple[str, int]] = OrderedDict()

    @classmethod
    def of(cls, settings: ProcessSettings, clock: Clock) -> Self:
        """The identity that the settings of a process describe."""
        previous = settings.service_secret_previous
        accepted = () if previous is None else (previous.get_secret_value(),)
        return cls(
            settings.service_name, settings.service_secret.get_secret_value(), clock, accepted=accepted
        )

    def header(self) -> str:
        """The value of ``x-fynlo-service`` for a call made now."""
        now = int(self._clock.now().timestamp())
        if not 0 <= now - self._signed_at < RENEW_SECONDS:
            self._signed_at = now
            self._header = f"{self.name}.{now}.{_signature(self._secret, self.name, now)}"
        return self._header

    @property
    def remembered(self) -> int:
        """How many headers of peers are known to be genuine without looking again."""
        return len(self._known)

    def recognise(self, header: str) -> str:
        """The name of the peer that signed ``header``. Raises Unauthenticated (SERVICE_IDENTITY_INVALID)."""
        now = int(self._clock.now().timestamp())
        name, signed_at = self._known.get(header) or self._checked(header)
        if abs(now - signed_at) > MAX_AGE_SECONDS:
            self._known.pop(header, None)
            raise _refused()
        return name

    def _checked(self, header: str) -> tuple[str, int]:
        match = _HEADER.fullmatch(header)
        if match is None:
            raise _refused()
        name, signed_at = match[1], int(match[2])
        if not any(
            hmac.compare_digest(_signature(secret, name, signed_at), match[3]) for secret in self._accepted
        ):
            raise _refused()
        self._known[header] = name, signed_at
        if len(self._known) > CACHE_MAX_HEADERS:
            self._known.popitem(last=False)
        return name, signed_at


def _signature(secret: bytes, name: str, at: int) -> str:
    return hmac.new(secret, f"fynlo-service-v1\n{name}\n{at}".encode(), hashlib.sha256).hexdigest()


def _refused() -> Unauthenticated:
    return Unauthenticated("the calling service is not recognised", reason="SERVICE_IDENTITY_INVALID")
