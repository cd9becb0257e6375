"""The secrets of a local installation, made once: `secrets.json` in the data folder, readable by us only."""

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey

from chassis.auth.service_identity import public_key_of
from deploy.access.events import PROCESSES
from deploy.access.valkey import KEYS
from deploy.local import places
from deploy.local.embedded import write_private
from deploy.local.provision import ROLES, SERVICES

SECRET_BYTES = 32
CALLERS = (*SERVICES, "gateway", "seed")
IMAGES = "images"
SHARED = (IMAGES,)
PUBLIC_MEMBERS = ("kty", "crv", "x", "kid", "use", "alg")
"""Of an Ed25519 key in a JWK set (RFC 8037); what is not named here stays secret."""


class SecretsUnreadable(Exception):
    """The file is there and does not say what it should. Never replaced silently: data may depend on it."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """`signing_keys` is a private JWK set; its first key signs. The others have one entry for each that needs
    one: database roles, processes on the bus, users of Valkey, and processes that call others.
    """

    signing_keys: dict[str, Any]
    passwords: dict[str, str]
    bus_passwords: dict[str, str]
    valkey_passwords: dict[str, str]
    service_keys: dict[str, str]
    """Private Ed25519 keys, base64url."""
    shared: dict[str, str]
    """What two processes have in common: catalog and gateway, by which both know an address for an upload."""

    @property
    def signing_keys_json(self) -> str:
        return json.dumps(self.signing_keys)

    @property
    def public_service_keys(self) -> dict[str, list[str]]:
        """What everybody may know: by which key each process is recognised."""
        return {name: [public_key_of(key)] for name, key in self.service_keys.items()}

    @property
    def public_keys_json(self) -> str:
        """What every process may know of them: a public JWK set."""
        keys = [
            {name: key[name] for name in PUBLIC_MEMBERS if name in key} for key in self.signing_keys["keys"]
        ]
        return json.dumps({"keys": keys})


def kept_secrets(data_dir: Path) -> Secrets:
    """The secrets in `data_dir`; made at the first call. What is new to an older file is added to it."""
    path = data_dir / "secrets.json"
    places.make_folder(data_dir)
    kept = _read(path) if path.exists() else _fresh()
    complete = Secrets(
        kept.signing_keys,
        _for_all(ROLES, kept.passwords),
        _for_all(PROCESSES, kept.bus_passwords),
        _for_all(KEYS, kept.valkey_passwords),
        _for_all(CALLERS, kept.service_keys),
        _for_all(SHARED, kept.shared),
    )
    if not path.exists() or complete != kept:
        staged = path.with_suffix(f".{os.getpid()}")
        write_private(staged, json.dumps(asdict(complete), indent=2) + "\n")
        staged.replace(path)
    return complete


def _read(path: Path) -> Secrets:
    try:
        held = json.loads(path.read_text())
        names = [field.name for field in fields(Secrets)]
        return Secrets(held["signing_keys"], *({**held.get(name, {})} for name in names[1:]))
    except (ValueError, TypeError, KeyError) as error:
        raise SecretsUnreadable(
            f"{path} is damaged ({error}). Restore it; or delete it, and new secrets are made: "
            "everybody then has to log in again."
        ) from error


def _fresh() -> Secrets:
    kid = secrets.token_hex(8)
    key = OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig", "alg": "EdDSA"}, private=True)
    return Secrets({"keys": [key.as_dict(private=True)]}, {}, {}, {}, {}, {})


def _for_all(names: Iterable[str], kept: Mapping[str, str]) -> dict[str, str]:
    """32 random bytes in base64url serve as a password and as a private key alike."""
    return {name: kept.get(name) or secrets.token_urlsafe(SECRET_BYTES) for name in names}
