"""The tokens this service issues: signed access tokens and opaque refresh tokens."""

import base64
import hashlib
import hmac
import json
import re
import secrets
import warnings
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey

from chassis.ids import new_id
from services.auth.domain.role import Role
from services.auth.domain.session import ACCESS_TOKEN_LIFE

ISSUER = AUDIENCE = "fynlo"
ALGORITHM = "EdDSA"
TOKEN_TYPE = "at+jwt"  # noqa: S105 - RFC 9068's media type, not a secret
REFRESH_TOKEN_BYTES = 32
KEYS_MAX = 16
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

# joserfc warns on every use that RFC 9864 renames EdDSA; the keys are pinned to Ed25519, which the new name
# would say.
warnings.filterwarnings("ignore", category=SecurityWarning, message="EdDSA is deprecated")


class BadSigningKeys(ValueError):
    """The configured key set cannot be used; the message says why, without key material."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says beside its times. ``device_id`` is empty where the device did not
    name itself."""

    user_id: UUID
    session_id: UUID
    restaurant_id: UUID | None
    platform_id: UUID | None
    role: Role
    permissions: frozenset[str]
    name: str
    client: str
    device_id: str


class SigningKeys:
    """A set of Ed25519 private keys. The first signs; all are published, so tokens of a retired key stay
    valid until they expire. To rotate: put the new key first, and drop the old one after the life of an
    access token.
    """

    def __init__(self, jwk_set_json: str) -> None:
        """Raises BadSigningKeys for anything but a JWK set of 1 to 16 Ed25519 private keys with distinct
        ids.
        """
        self._keys = _private_keys(jwk_set_json)
        self._kid, self._signing = next(iter(self._keys.items()))
        self.public_jwks_json = json.dumps({"keys": [_public(kid, key) for kid, key in self._keys.items()]})

    def sign(self, claims: Claims, now: datetime) -> str:
        """An access token that lives for 15 minutes from ``now``.

        ``iat`` keeps its fraction of a second: a revocation compares it, and who logs in again right after
        being logged out everywhere must not be refused for the rest of that second.
        """
        payload = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(claims.user_id),
            "sid": str(claims.session_id),
            "role": claims.role.value,
            "perms": sorted(claims.permissions),
            "name": claims.name,
            "cli": claims.client,
            "iat": now.timestamp(),
            "exp": int((now + ACCESS_TOKEN_LIFE).timestamp()),
            "jti": str(new_id()),
        }
        optional = {"rid": claims.restaurant_id, "pid": claims.platform_id, "did": claims.device_id}
        payload |= {name: str(value) for name, value in optional.items() if value}
        header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": self._kid}
        return jwt.encode(header, payload, self._signing, algorithms=[ALGORITHM])


def new_refresh_token() -> str:
    """256 random bits, URL-safe."""
    return _encoded(secrets.token_bytes(REFRESH_TOKEN_BYTES))


def new_device_secret() -> str:
    """256 random bits, URL-safe: what a device is known by. It opens nothing."""
    return _encoded(secrets.token_bytes(REFRESH_TOKEN_BYTES))


def new_salt() -> bytes:
    """The server's half of a successor."""
    return secrets.token_bytes(REFRESH_TOKEN_BYTES)


def successor_of(token: str, salt: bytes) -> str:
    """The token that replaces ``token``.

    Only hashes of tokens are stored, yet a device whose reply got lost must get the same successor again. So
    the successor is HMAC-SHA-256 with the presented token as the key over a random salt that is stored beside
    the token's hash: the device alone cannot compute it (no salt), a copy of the database cannot either (no
    token), and no further key has to be kept.
    """
    return _encoded(hmac.new(token.encode(), b"fynlo-refresh-v1\n" + salt, hashlib.sha256).digest())


def hash_of(token: str) -> bytes:
    """What is stored of a refresh token. A fast hash is enough for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _private_keys(jwk_set_json: str) -> dict[str, OKPKey]:
    try:
        listed = json.loads(jwk_set_json)["keys"]
        keys = [OKPKey.import_key(jwk) for jwk in listed]
        ids = [str(jwk.get("kid") or key.thumbprint()) for jwk, key in zip(listed, keys, strict=True)]
    except (ValueError, KeyError, TypeError, AttributeError, JoseError):
        raise BadSigningKeys("the signing keys are not a JWK set of Ed25519 keys") from None
    if not 1 <= len(keys) <= KEYS_MAX or len(set(ids)) != len(ids):
        raise BadSigningKeys(f"the signing keys must be 1 to {KEYS_MAX} with distinct ids")
    if not all(_KEY_ID.fullmatch(kid) for kid in ids):
        raise BadSigningKeys("a key id is 1 to 64 letters, digits, dashes and underscores")
    if not all(key.is_private and key.as_dict()["crv"] == "Ed25519" for key in keys):
        raise BadSigningKeys("every signing key must be an Ed25519 private key")
    return dict(zip(ids, keys, strict=True))


def _public(kid: str, key: OKPKey) -> dict[str, str]:
    x = str(key.as_dict(private=False)["x"])
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": ALGORITHM}
