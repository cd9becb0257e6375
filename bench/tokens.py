"""Access tokens for thousands of devices, signed with the key of the system that the bench started itself.

Ten thousand log-ins would take minutes of password hashing. What is measured stays whole: every process
verifies each token's signature and claims as it does any other's.
"""

import base64
import json
import time
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import OKPKey

from chassis.auth.tokens import ALGORITHM, TOKEN_TYPE

LIFE_SECONDS = 3_500
"""Below the longest life that a verifier accepts."""


class Mint:
    """Signs as the auth service would. ``pattern``: a token that it issued, for everything that is not a
    device's.
    """

    def __init__(self, signing_keys: dict[str, Any], pattern: str) -> None:
        jwk = signing_keys["keys"][0]
        self._key = OKPKey.import_key(jwk)
        self._header = {"alg": ALGORITHM, "typ": TOKEN_TYPE, "kid": jwk["kid"]}
        payload = pattern.split(".")[1]
        self._claims: dict[str, Any] = json.loads(
            base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        )

    @property
    def public_key(self) -> dict[str, Any]:
        """The JWK that verifies what is signed here."""
        found: dict[str, Any] = self._key.as_dict(private=False)
        return found

    def token(self, restaurant_id: str, device_id: str, client: str = "ios") -> str:
        """A device's token for a restaurant."""
        now = time.time()
        claims = self._claims | {
            "rid": restaurant_id,
            "did": device_id,
            "cli": client,
            "sid": str(uuid4()),
            "iat": now,
            "exp": int(now) + LIFE_SECONDS,
            "jti": str(uuid4()),
        }
        return jwt.encode(self._header, claims, self._key, algorithms=[ALGORITHM])
