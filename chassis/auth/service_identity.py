"""How a service proves to a peer which one it is: an Ed25519 signature over the call it is about to make.

The signature covers who calls whom, the full name of the method, the restaurant acted for, and the time. So
it says nothing to another peer, for another method or another restaurant, and nobody who checks it can make
one.
"""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chassis.clock import Clock
from chassis.errors import Unauthenticated
from chassis.process.settings import IdentitySettings
from chassis.recent import Recent

HEADER = "x-fynlo-service"
TENANT_HEADER = "x-fynlo-restaurant"
MAX_AGE_SECONDS = 60
RENEW_SECONDS = 20
"""A header is reused this long, so that both sides mostly do no cryptography."""
CACHE_MAX_HEADERS = 4_096
"""Signed and recognised ones each: a header is one caller's, for one method and one restaurant."""

_HEADER = re.compile(r"([a-z][a-z0-9-]{0,31})\.([0-9]{10,11})\.([A-Za-z0-9_-]{86})")


@dataclass(frozen=True, slots=True)
class SignedCall:
    """What a signature is for, beside caller and time.

    ``method`` is /package.Service/Method, ``tenant`` an id or empty.
    """

    callee: str
    method: str
    tenant: str


class ServiceIdentity:
    """Signs as ``name`` with ``private_key``; recognises peers by the public ``peers`` keys.

    A peer has several while one is replaced. Keys are 32 bytes in base64url without padding; for others
    ValueError is raised.
    """

    def __init__(
        self, name: str, private_key: str, clock: Clock, *, peers: Mapping[str, Sequence[str]]
    ) -> None:
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(key_bytes(private_key))
        self._peers = {
            peer: [Ed25519PublicKey.from_public_bytes(key_bytes(key)) for key in keys]
            for peer, keys in peers.items()
        }
        self._clock = clock
        self._signed: Recent[SignedCall, tuple[str, int]] = Recent(CACHE_MAX_HEADERS)
        self._known: Recent[tuple[str, str, str], tuple[str, int]] = Recent(CACHE_MAX_HEADERS)

    @classmethod
    def of(cls, settings: IdentitySettings, clock: Clock) -> Self:
        """The identity that the settings of a process describe."""
        key = settings.service_key.get_secret_value()
        return cls(settings.service_name, key, clock, peers=settings.service_public_keys)

    def header(self, call: SignedCall) -> str:
        """The value of ``x-fynlo-service`` for ``call``, made now."""
        now = int(self._clock.now().timestamp())
        header, signed_at = self._signed.get(call, ("", 0))
        if not 0 <= now - signed_at < RENEW_SECONDS:
            signature = self._key.sign(_signed_text(self.name, call, now))
            header = f"{self.name}.{now}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
            self._signed[call] = header, now
        return header

    @property
    def remembered(self) -> int:
        """How many headers of peers are known to be genuine without looking again."""
        return len(self._known)

    def recognise(self, header: str, method: str, tenant: str) -> str:
        """The name of the peer that signed ``header`` for this call to us.

        Raises Unauthenticated (SERVICE_IDENTITY_INVALID).
        """
        now = int(self._clock.now().timestamp())
        key = header, method, tenant
        name, signed_at = self._known.get(key) or self._checked(key)
        if abs(now - signed_at) > MAX_AGE_SECONDS:
            self._known.pop(key, None)
            raise _refused()
        return name

    def _checked(self, key: tuple[str, str, str]) -> tuple[str, int]:
        header, method, tenant = key
        match = _HEADER.fullmatch(header)
        if match is None:
            raise _refused()
        name, signed_at = match[1], int(match[2])
        text = _signed_text(name, SignedCall(self.name, method, tenant), signed_at)
        signature = base64.urlsafe_b64decode(match[3] + "==")
        if not any(_is_genuine(public, signature, text) for public in self._peers.get(name, ())):
            raise _refused()
        self._known[key] = name, signed_at
        return name, signed_at


def key_bytes(text: str) -> bytes:
    """The 32 bytes of a key. Raises ValueError, which does not show the key."""
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise ValueError("a service's key is 32 bytes in base64url")
    return key


def public_key_of(private_key: str) -> str:
    """What peers are given to recognise the holder of ``private_key``."""
    public = Ed25519PrivateKey.from_private_bytes(key_bytes(private_key)).public_key()
    return key_text(public.public_bytes_raw())


def key_text(key: bytes) -> str:
    """A key as settings hold it."""
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def _is_genuine(public: Ed25519PublicKey, signature: bytes, text: bytes) -> bool:
    try:
        public.verify(signature, text)
    except InvalidSignature:
        return False
    return True


def _signed_text(caller: str, call: SignedCall, at: int) -> bytes:
    return f"fynlo-service-v2\n{caller}\n{call.callee}\n{call.method}\n{call.tenant}\n{at}".encode()


def _refused() -> Unauthenticated:
    return Unauthenticated("the calling service is not recognised", reason="SERVICE_IDENTITY_INVALID")
