"""Access tokens: Ed25519-signed JWTs of the auth service, checked in every process that is called with one.

A token is looked at from the outside in: size, shape, exact header, known key, signature, then claims. What
does not fit is refused with one reason, TOKEN_INVALID, that tells a forger nothing. Verified tokens are
remembered until they expire, so a call normally costs one dictionary look-up.
"""

import asyncio
import base64
import binascii
import contextvars
import json
import re
import time
import warnings
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from chassis.auth.principal import Principal, PrincipalKind
from chassis.clock import Clock
from chassis.errors import Problem, Unauthenticated, Unavailable
from chassis.recent import Recent
from chassis.telemetry import get_logger

ISSUER = "fynlo"
AUDIENCE = "fynlo"
TOKEN_TYPE = "at+jwt"  # noqa: S105 - RFC 9068's media type, not a secret
ALGORITHM = "EdDSA"
KNOWN_ROLES = frozenset({"platform_owner", "restaurant_owner", "manager", "employee"})

TOKEN_MAX_CHARS = 4_096
TOKEN_LIFE_MAX = timedelta(hours=1)
"""No access token lives longer, whatever it says; also how long a revocation must be remembered."""
CLOCK_LEEWAY = timedelta(seconds=5)
"""For iat and nbf only: a token is never accepted past its exp."""
PERMISSIONS_MAX = 256
SECONDS_MAX = 1e11
"""Of instants in a token: the year 5138."""
CACHE_MAX_TOKENS = 20_000
KEYS_MAX = 16
KEYS_REFETCH_MIN_SECONDS = 30.0
"""An unknown key id asks for the key set at most this often: forged ids must not become load on auth."""
KEYS_RETRY_MIN_SECONDS = 1.0
"""After a failed fetch."""
KEYS_MAX_AGE_SECONDS = 600.0
"""A withdrawn key is noticed after at most this long."""
KEYS_PATIENCE_SECONDS = 0.25
"""A token of a known key waits no longer for a newer key set: auth may be away, and the key is still good."""

_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_HEADER_FIELDS = {"alg", "kid", "typ"}

FetchKeys = Callable[[], Awaitable[Mapping[str, Any]]]
"""Gives the JWK set (RFC 7517) of the auth service."""

# joserfc warns on every use that RFC 9864 renames EdDSA. Keys here are pinned to Ed25519, which is what the
# new name would say.
warnings.filterwarnings("ignore", category=SecurityWarning, message="EdDSA is deprecated")

_log = get_logger("auth")


class TokenVerifier:
    """Turns an access token into the principal it proves.

    ``known_keys`` is a JWK set from the settings: with it tokens are verified before auth was ever reached.
    ``fetch_keys`` is called for the first token, for an unknown key id, and when the set has grown old; what
    it gives replaces the known keys.
    """

    def __init__(
        self,
        fetch_keys: FetchKeys,
        clock: Clock,
        *,
        known_keys: Mapping[str, Any] | None = None,
        remembers: int = CACHE_MAX_TOKENS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        known = {} if known_keys is None else _public_keys(known_keys)
        self._keys = _KeySource(fetch_keys, known, monotonic)
        self._clock = clock
        self._verified: Recent[str, Principal] = Recent(remembers)

    async def verify(self, token: str) -> Principal:
        """The principal of a valid token.

        Raises Unauthenticated (TOKEN_INVALID, TOKEN_EXPIRED), and Unavailable (KEYS_UNAVAILABLE) for a key
        that is not known while no key set could be had.
        """
        known = self.remembered(token)
        if known is not None:
            return known
        kid = _key_id_of(token)
        key = await self._keys.find(kid)
        if self._keys.take_withdrawn():
            self._verified.clear()
        if key is None:
            raise _invalid()
        principal = self._principal(_verified_claims(token, key))
        self._verified[token] = principal
        return principal

    def remembered(self, token: str) -> Principal | None:
        """The principal of a token that was verified before; None for any other token.

        Raises Unauthenticated (TOKEN_EXPIRED) where it has expired meanwhile.
        """
        principal = self._verified.get(token)
        if principal is None:
            return None
        if principal.expires_at <= self._clock.now():
            del self._verified[token]
            raise _expired()
        self._verified.move_to_end(token)
        return principal

    def _principal(self, claims: "_Claims") -> Principal:
        now = self._clock.now()
        issued_at, expires_at = _instant(claims.iat), _instant(claims.exp)
        not_before = _instant(claims.nbf or claims.iat)
        if max(issued_at, not_before) > now + CLOCK_LEEWAY or expires_at - issued_at > TOKEN_LIFE_MAX:
            raise _invalid()
        if expires_at <= now:
            raise _expired()
        return Principal(
            kind=PrincipalKind.USER,
            subject=claims.sub,
            name=claims.name,
            restaurant_id=claims.rid,
            platform_id=claims.pid,
            role=claims.role,
            permissions=frozenset(claims.perms if claims.role in KNOWN_ROLES else ()),
            client=claims.cli,
            device_id=claims.did or None,
            session_id=claims.sid,
            issued_at=issued_at,
            expires_at=expires_at,
        )


def _id(value: object) -> UUID:
    if not isinstance(value, str):
        raise ValueError("ids are texts")
    return UUID(value)


def _id_or_none(value: object) -> UUID | None:
    return None if value is None or value == "" else _id(value)


_Id = Annotated[UUID, BeforeValidator(_id)]
_OptionalId = Annotated[UUID | None, BeforeValidator(_id_or_none)]
_Seconds = Annotated[float, Field(gt=0, lt=SECONDS_MAX, allow_inf_nan=False)]


class _Claims(BaseModel):
    """What an access token says. Claims of other names are ignored."""

    model_config = ConfigDict(strict=True, hide_input_in_errors=True)

    iss: Literal["fynlo"]
    aud: Literal["fynlo"] | Annotated[list[Literal["fynlo"]], Field(min_length=1, max_length=1)]
    iat: _Seconds
    exp: _Seconds
    nbf: _Seconds = 0
    """0: as ``iat``."""
    sub: _Id
    sid: _Id
    rid: _OptionalId = None
    pid: _OptionalId = None
    role: str = ""
    name: str = ""
    cli: str = ""
    did: str = ""
    perms: list[str] = Field(default=[], max_length=PERMISSIONS_MAX)


class _KeySource:
    """The key set: fetched once for many callers, refetched seldom, kept when auth does not answer."""

    def __init__(self, fetch: FetchKeys, known: dict[str, OKPKey], monotonic: Callable[[], float]) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._keys = known
        self._withdrawn = False
        self._fetched_at = self._tried_at = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str) -> OKPKey | None:
        """The key called ``kid``; None where auth does not have it."""
        fetching = self._fetching
        if fetching is None and self._must_ask(kid):
            # Nobody's call: it must end neither with the caller's deadline nor with the caller.
            work = self._refetch()
            fetching = self._fetching = asyncio.create_task(work, context=contextvars.Context())
            if kid in self._keys:
                await asyncio.wait([fetching], timeout=KEYS_PATIENCE_SECONDS)
        if fetching is not None and kid not in self._keys:
            # The first callers come all at once: the fetch that one of them started is every one's.
            await asyncio.shield(fetching)
        if kid not in self._keys and self._fetched_at == float("-inf"):
            raise Unavailable("the key set cannot be had now", reason="KEYS_UNAVAILABLE")
        return self._keys.get(kid)

    def take_withdrawn(self) -> bool:
        """Whether some key was withdrawn since this was last asked."""
        withdrawn, self._withdrawn = self._withdrawn, False
        return withdrawn

    def _must_ask(self, kid: str) -> bool:
        now = self._monotonic()
        if now - self._tried_at < KEYS_RETRY_MIN_SECONDS:
            return False
        age = now - self._fetched_at
        return age > KEYS_MAX_AGE_SECONDS or (kid not in self._keys and age > KEYS_REFETCH_MIN_SECONDS)

    async def _refetch(self) -> None:
        self._tried_at = self._monotonic()
        try:
            found = _public_keys(await self._fetch()) or self._keys
            self._withdrawn = self._withdrawn or not self._keys.keys() <= found.keys()
            self._keys, self._fetched_at = found, self._monotonic()
        except (Problem, JoseError, ValueError, TypeError, KeyError, OSError) as error:
            _log.warning("could not fetch the key set", error=str(error), keys_kept=len(self._keys))
        finally:
            self._fetching = None


def _public_keys(jwks: Mapping[str, Any]) -> dict[str, OKPKey]:
    """Only Ed25519 public keys with a plain id: nothing else in the set can ever verify a token."""
    found: dict[str, OKPKey] = {}
    for jwk in jwks["keys"][:KEYS_MAX]:
        kid = str(jwk.get("kid", ""))
        if jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519" and _KEY_ID.fullmatch(kid):
            found[kid] = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": jwk["x"]})
    return found


def _key_id_of(token: str) -> str:
    """The key id, once size, shape and header are exactly those of our access tokens."""
    parts = token.split(".") if len(token) <= TOKEN_MAX_CHARS else []
    if len(parts) != 3 or not all(_SEGMENT.fullmatch(part) for part in parts):
        raise _invalid()
    header = _json_object(_decoded(parts[0]))
    kid = header.get("kid")
    if header.keys() != _HEADER_FIELDS or header["alg"] != ALGORITHM or header["typ"] != TOKEN_TYPE:
        raise _invalid()
    if not isinstance(kid, str) or not _KEY_ID.fullmatch(kid):
        raise _invalid()
    return kid


def _verified_claims(token: str, key: OKPKey) -> _Claims:
    try:
        payload = jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload
        return _Claims.model_validate(_json_object(payload))
    except (JoseError, ValueError) as error:
        raise _invalid() from error


def _decoded(segment: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except binascii.Error as error:
        raise _invalid() from error


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise _invalid() from error
    if not isinstance(found, dict):
        raise _invalid()
    return found


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers may disagree on which of two equal names counts, so neither may."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name appears twice")
    return found


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _invalid() -> Unauthenticated:
    return Unauthenticated("the access token is not valid", reason="TOKEN_INVALID")


def _expired() -> Unauthenticated:
    return Unauthenticated("the access token has expired", reason="TOKEN_EXPIRED")
