"""Signing keys, access tokens and refresh tokens; verified as every other service verifies them."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey

from chassis.auth import TokenVerifier
from chassis.clock import FakeClock
from chassis.errors import Unauthenticated
from chassis.ids import new_id
from services.auth.domain.role import Role
from services.auth.tests.builders import signing_keys
from services.auth.tokens import (
    BadSigningKeys,
    Claims,
    SigningKeys,
    hash_of,
    new_refresh_token,
    new_salt,
    successor_of,
)

NOW = datetime(2026, 3, 2, 12, 0, 0, 123_456, tzinfo=UTC)
CLAIMS = Claims(
    new_id(), new_id(), new_id(), new_id(), Role.MANAGER, frozenset({"orders.place"}), "Mia", "ios", ""
)


def verifier_of(keys: SigningKeys) -> TokenVerifier:
    """A process that knows only the published half."""

    async def fetch() -> dict[str, object]:
        found: dict[str, object] = json.loads(keys.public_jwks_json)
        return found

    return TokenVerifier(fetch, FakeClock(NOW))


def only(jwks: str, *kids: str) -> str:
    """The set cut down to, and in the order of, ``kids``."""
    by_kid = {key["kid"]: key for key in json.loads(jwks)["keys"]}
    return json.dumps({"keys": [by_kid[kid] for kid in kids]})


async def test_the_first_key_signs_and_all_of_them_verify() -> None:
    both = signing_keys("new", "old")
    before, during, after = (SigningKeys(only(both, *kids)) for kids in (["old"], ["new", "old"], ["new"]))
    old_token, new_token = before.sign(CLAIMS, NOW), during.sign(CLAIMS, NOW)
    for token in (old_token, new_token):
        assert (await verifier_of(during).verify(token)).subject == CLAIMS.user_id
    await verifier_of(after).verify(new_token)
    with pytest.raises(Unauthenticated):
        await verifier_of(after).verify(old_token)


async def test_the_time_of_issue_keeps_its_microseconds() -> None:
    keys = SigningKeys(signing_keys())
    principal = await verifier_of(keys).verify(keys.sign(CLAIMS, NOW))
    assert principal.issued_at == NOW
    assert principal.expires_at <= NOW + timedelta(minutes=15)


def test_no_private_half_is_published() -> None:
    keys = SigningKeys(signing_keys("a", "b"))
    for jwk in json.loads(keys.public_jwks_json)["keys"]:
        assert set(jwk) == {"kty", "crv", "x", "kid", "use", "alg"}


def test_a_key_without_an_id_is_called_by_its_thumbprint() -> None:
    key = OKPKey.generate_key("Ed25519")
    keys = SigningKeys(json.dumps({"keys": [key.as_dict(private=True)]}))
    assert json.loads(keys.public_jwks_json)["keys"][0]["kid"] == key.thumbprint()


def bad_sets() -> dict[str, object]:
    """Key sets that must stop the process at its start."""
    key = OKPKey.generate_key("Ed25519")
    good = {**key.as_dict(private=True), "kid": "k"}
    return {
        "empty": {"keys": []},
        "no set": [],
        "public": {"keys": [key.as_dict(private=False)]},
        "same id": {"keys": [good, {**OKPKey.generate_key("Ed25519").as_dict(private=True), "kid": "k"}]},
        "bad id": {"keys": [{**good, "kid": "../../etc/passwd"}]},
        "symmetric": {"keys": [OctKey.generate_key(256).as_dict(private=True)]},
        "P-256": {"keys": [ECKey.generate_key("P-256").as_dict(private=True)]},
        "X25519": {"keys": [OKPKey.generate_key("X25519").as_dict(private=True)]},
    }


@pytest.mark.parametrize("name", bad_sets())
def test_a_set_that_is_not_of_ed25519_private_keys_is_refused_without_being_quoted(name: str) -> None:
    text = json.dumps(bad_sets()[name])
    with pytest.raises(BadSigningKeys) as refused:
        SigningKeys(text)
    assert '"d"' not in str(refused.value)


def test_text_that_is_no_json_is_refused() -> None:
    with pytest.raises(BadSigningKeys):
        SigningKeys("not json")


def test_a_successor_needs_both_the_token_and_the_salt() -> None:
    token, salt = new_refresh_token(), new_salt()
    assert successor_of(token, salt) == successor_of(token, salt)
    assert successor_of(token, salt) != successor_of(token, new_salt())
    assert successor_of(token, salt) != successor_of(new_refresh_token(), salt)
    assert len(token) == len(successor_of(token, salt)) == 43
    assert hash_of(token) != hash_of(successor_of(token, salt))
