"""The secrets of a local installation, made once: `secrets.json` in the data folder, readable by us only."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey

from deploy.local import places
from deploy.local.embedded import write_private
from deploy.local.provision import ROLES

SECRET_BYTES = 32
PUBLIC_MEMBERS = ("kty", "crv", "x", "kid", "use", "alg")
"""Of an Ed25519 key in a JWK set (RFC 8037); what is not named here stays secret."""


class SecretsUnreadable(Exception):
    """The file is there and does not say what it should. Never replaced silently: data may depend on it."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """`signing_keys` is a private JWK set; its first key signs. `passwords` has one entry per database
    role.
    """

    service_secret: str
    signing_keys: dict[str, Any]
    passwords: dict[str, str]

    @property
    def signing_keys_json(self) -> str:
        return json.dumps(self.signing_keys)

    @property
    def public_keys_json(self) -> str:
        """What every process may know of them: a public JWK set."""
        keys = [
            {name: key[name] for name in PUBLIC_MEMBERS if name in key} for key in self.signing_keys["keys"]
        ]
        return json.dumps({"keys": keys})


def kept_secrets(data_dir: Path) -> Secrets:
    """The secrets in `data_dir`; made at the first call. A role that is new gets a password."""
    path = data_dir / "secrets.json"
    places.make_folder(data_dir)
    kept = _read(path) if path.exists() else _fresh()
    passwords = {role: kept.passwords.get(role) or secrets.token_urlsafe(SECRET_BYTES) for role in ROLES}
    complete = Secrets(kept.service_secret, kept.signing_keys, passwords)
    if not path.exists() or passwords != kept.passwords:
        staged = path.with_suffix(f".{os.getpid()}")
        write_private(staged, json.dumps(asdict(complete), indent=2) + "\n")
        staged.replace(path)
    return complete


def _read(path: Path) -> Secrets:
    try:
        return Secrets(**json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise SecretsUnreadable(
            f"{path} is damaged ({error}). Restore it; or delete it, and new secrets are made: "
            "everybody then has to log in again."
        ) from error


def _fresh() -> Secrets:
    kid = secrets.token_hex(8)
    key = OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig", "alg": "EdDSA"}, private=True)
    return Secrets(secrets.token_urlsafe(SECRET_BYTES), {"keys": [key.as_dict(private=True)]}, {})
