"""Access tokens: what a forger may try, and what the verifier asks of auth meanwhile."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey

from chassis.auth import Principal, TokenVerifier
from chassis.auth import tokens as rules
from chassis.clock import FakeClock
from chassis.errors import Unauthenticated, Unavailable
from chassis.rpc import inbound, remaining_seconds
from harness.fixtures import START
from harness.rpc import PATIENT_SECONDS, TokenMint

Forge = Callable[[TokenMint, Principal], str]


class Keys:
    """Auth's key set, counting how often it is asked for."""

    def __init__(self, *mints: TokenMint) -> None:
        self.mints = list(mints)
        self.asked = 0
        self.answers = True

    async def fetch(self) -> Mapping[str, Any]:
        self.asked += 1
        if not self.answers:
            raise Unavailable("auth does not answer")
        return {"keys": [key for mint in self.mints for key in mint.jwks()["keys"]]}


@pytest.fixture
def mint(fake_clock: FakeClock) -> TokenMint:
    return TokenMint(fake_clock)


@pytest.fixture
def keys(mint: TokenMint) -> Keys:
    return Keys(mint)


@pytest.fixture
def verifier(keys: Keys, fake_clock: FakeClock) -> TokenVerifier:
    return TokenVerifier(keys.fetch, fake_clock)


async def test_a_token_proves_everything_it_says(verifier: TokenVerifier, mint: TokenMint) -> None:
    principal = mint.principal(permissions=frozenset({"orders.place", "orders.read"}))
    assert await verifier.verify(mint.token(principal)) == principal


async def test_a_platform_owner_has_no_restaurant(verifier: TokenVerifier, mint: TokenMint) -> None:
    principal = mint.principal(role="platform_owner", restaurant_id=None, device_id=None)
    assert (await verifier.verify(mint.token(principal))).restaurant_id is None


def segment(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def with_header(**fields: Any) -> Forge:
    """Properly signed, but with these header fields on top."""

    def forge(mint: TokenMint, principal: Principal) -> str:
        header = {"alg": "EdDSA", "kid": mint.key_id, "typ": "at+jwt", **fields}
        header = {name: value for name, value in header.items() if value is not None}
        return signed_raw(mint, segment(header), segment(mint.claims(principal)))

    return forge


def with_claims(**claims: Any) -> Forge:
    """Properly signed, but with these claims changed (None: left out)."""

    def forge(mint: TokenMint, principal: Principal) -> str:
        changed = {**mint.claims(principal), **claims}
        return mint.signed({name: value for name, value in changed.items() if value is not None})

    return forge


def with_times(**offsets: timedelta) -> Forge:
    """Properly signed, with instants this far from now."""

    def forge(mint: TokenMint, principal: Principal) -> str:
        now = mint.clock.now()
        times = {name: (now + offset).timestamp() for name, offset in offsets.items()}
        return mint.signed({**mint.claims(principal), **times})

    return forge


def signed_raw(mint: TokenMint, header: str, payload: str) -> str:
    """A true Ed25519 signature over any header at all, which no library would make."""
    key: Any = mint.key.private_key
    return f"{header}.{payload}.{segment(key.sign(f'{header}.{payload}'.encode()))}"


def unsigned(mint: TokenMint, principal: Principal) -> str:
    header = segment({"alg": "none", "kid": mint.key_id, "typ": "at+jwt"})
    return f"{header}.{segment(mint.claims(principal))}."


def unsigned_with_a_signature(mint: TokenMint, principal: Principal) -> str:
    return unsigned(mint, principal) + segment(b"x" * 64)


def hmac_with_the_public_key(mint: TokenMint, principal: Principal) -> str:
    header = segment({"alg": "HS256", "kid": mint.key_id, "typ": "at+jwt"})
    signed = f"{header}.{segment(mint.claims(principal))}"
    secret = mint.key.as_pem(private=False)
    return f"{signed}.{segment(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def signed_by_a_stranger(mint: TokenMint, principal: Principal) -> str:
    return TokenMint(mint.clock, mint.key_id).token(principal)


def signed_with_es256(mint: TokenMint, principal: Principal) -> str:
    header = {"alg": "ES256", "kid": mint.key_id, "typ": "at+jwt"}
    return jws.serialize_compact(
        header, json.dumps(mint.claims(principal)), ECKey.generate_key("P-256"), algorithms=["ES256"]
    )


def own_key_in_the_header(mint: TokenMint, principal: Principal) -> str:
    stranger = OKPKey.generate_key("Ed25519")
    header = {"alg": "EdDSA", "kid": mint.key_id, "typ": "at+jwt", "jwk": stranger.as_dict(private=False)}
    signed = f"{segment(header)}.{segment(mint.claims(principal))}"
    key: Any = stranger.private_key
    return f"{signed}.{segment(key.sign(signed.encode()))}"


def other_claims_under_the_signature(mint: TokenMint, principal: Principal) -> str:
    header, _, signature = mint.token(principal).split(".")
    return f"{header}.{segment({**mint.claims(principal), 'role': 'platform_owner'})}.{signature}"


def a_name_twice(mint: TokenMint, principal: Principal) -> str:
    claims = json.dumps(mint.claims(principal))[:-1] + ', "role": "platform_owner"}'
    header = segment({"alg": "EdDSA", "kid": mint.key_id, "typ": "at+jwt"})
    return signed_raw(mint, header, segment(claims.encode()))


def sixty_four_kilobytes(mint: TokenMint, principal: Principal) -> str:
    return mint.signed({**mint.claims(principal), "padding": "x" * 65_536})


HOSTILE: dict[str, Forge] = {
    "alg none": unsigned,
    "alg none with a signature": unsigned_with_a_signature,
    "alg None in other letters": with_header(alg="nOnE"),
    "HS256 with the public key": hmac_with_the_public_key,
    "ES256": signed_with_es256,
    "no alg": with_header(alg=None),
    "alg as a list": with_header(alg=["EdDSA"]),
    "jku": with_header(jku="https://evil.example/jwks.json"),
    "x5u": with_header(x5u="https://evil.example/cert.pem"),
    "x5c": with_header(x5c=["MIIB"]),
    "jwk": own_key_in_the_header,
    "crit": with_header(crit=["exp"], exp=1),
    "b64 false": with_header(b64=False, crit=["b64"]),
    "zip": with_header(zip="DEF"),
    "no kid": with_header(kid=None),
    "kid as a path": with_header(kid="../../../../dev/null"),
    "kid as SQL": with_header(kid="x' UNION SELECT 'key' --"),
    "kid as a URL": with_header(kid="https://evil.example/key"),
    "kid as a number": with_header(kid=7),
    "kid of nobody": with_header(kid="another-key"),
    "typ JWT": with_header(typ="JWT"),
    "no typ": with_header(typ=None),
    "refresh token": with_header(typ="rt+jwt"),
    "signed by a stranger": signed_by_a_stranger,
    "other claims under the signature": other_claims_under_the_signature,
    "a claim twice": a_name_twice,
    "wrong issuer": with_claims(iss="evil"),
    "no issuer": with_claims(iss=None),
    "wrong audience": with_claims(aud="partner"),
    "one of several audiences": with_claims(aud=["fynlo", "partner"]),
    "no expiry": with_claims(exp=None),
    "expiry as text": with_claims(exp="4102444800"),
    "expiry not a number": with_claims(exp=float("nan")),
    "expiry true": with_claims(exp=True),
    "lives for a day": with_times(exp=timedelta(days=1)),
    "issued tomorrow": with_times(iat=timedelta(days=1), exp=timedelta(days=1, minutes=5)),
    "not before tomorrow": with_times(nbf=timedelta(days=1)),
    "no subject": with_claims(sub=None),
    "subject is no id": with_claims(sub="1 OR 1=1"),
    "restaurant is no id": with_claims(rid="*"),
    "permissions as text": with_claims(perms="orders.place"),
    "permissions of numbers": with_claims(perms=[1]),
    "role as a list": with_claims(role=["manager"]),
    "claims are a list": lambda mint, _: signed_raw(
        mint, segment({"alg": "EdDSA", "kid": mint.key_id, "typ": "at+jwt"}), segment([1])
    ),
    "64 KB": sixty_four_kilobytes,
    "truncated": lambda mint, principal: mint.token(principal)[:-10],
    "two parts": lambda mint, principal: mint.token(principal).rpartition(".")[0],
    "four parts": lambda mint, principal: mint.token(principal) + ".x",
    "trailing space": lambda mint, principal: mint.token(principal) + " ",
    "empty": lambda *_: "",
    "not a token": lambda *_: "hello",
    "deeply nested header": lambda mint, principal: f"{segment(b'[' * 2_000)}.{segment({})}.eA",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_token_is_refused(name: str, verifier: TokenVerifier, mint: TokenMint) -> None:
    principal = mint.principal(permissions=frozenset({"orders.place"}))
    with pytest.raises(Unauthenticated) as refused:
        await verifier.verify(HOSTILE[name](mint, principal))
    assert refused.value.reason == "TOKEN_INVALID"
    assert refused.value.detail == "the access token is not valid"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["fynlo", "manager"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
CLAIMS = (
    "iss",
    "aud",
    "iat",
    "exp",
    "nbf",
    "sub",
    "sid",
    "rid",
    "pid",
    "role",
    "name",
    "cli",
    "did",
    "perms",
)


@given(st.dictionaries(st.sampled_from(CLAIMS), JSON, min_size=1, max_size=3))
async def test_claims_of_any_shape_prove_what_they_say_or_are_refused(changed: dict[str, Any]) -> None:
    mint = TokenMint(FakeClock(START))
    principal = mint.principal(permissions=frozenset({"orders.place"}))
    token = mint.signed({**mint.claims(principal), **changed})
    try:
        proven = await TokenVerifier(mint.fetch_keys, mint.clock).verify(token)
    except Unauthenticated:
        return
    assert proven.subject is not None
    assert proven.expires_at > mint.clock.now()
    claims = {**mint.claims(principal), **changed}
    assert (proven.role, proven.name, proven.client) == (claims["role"], claims["name"], claims["cli"])
    assert proven.permissions == frozenset(claims["perms"] if proven.role in rules.KNOWN_ROLES else ())


async def test_a_token_is_dead_at_its_expiry_also_when_it_was_verified_before(
    verifier: TokenVerifier, mint: TokenMint, fake_clock: FakeClock
) -> None:
    token, unseen = mint.token(mint.principal()), mint.token(mint.principal())
    await verifier.verify(token)
    fake_clock.advance(timedelta(minutes=15) - timedelta(milliseconds=1))
    await verifier.verify(token)
    fake_clock.advance(timedelta(milliseconds=1))
    for dead in (token, unseen, token):
        with pytest.raises(Unauthenticated) as refused:
            await verifier.verify(dead)
        assert refused.value.reason == "TOKEN_EXPIRED"


async def test_a_verified_token_is_not_verified_again(
    verifier: TokenVerifier, mint: TokenMint, keys: Keys
) -> None:
    token = mint.token(mint.principal())
    first = await verifier.verify(token)
    assert await verifier.verify(token) is first
    assert verifier.remembered(token) is first
    assert keys.asked == 1


async def test_forged_key_ids_do_not_become_load_on_auth(
    verifier: TokenVerifier, mint: TokenMint, keys: Keys
) -> None:
    await verifier.verify(mint.token(mint.principal()))
    for number in range(50):
        with pytest.raises(Unauthenticated):
            await verifier.verify(with_header(kid=f"forged-{number}")(mint, mint.principal()))
    assert keys.asked == 1


async def test_the_first_callers_all_wait_for_the_one_fetch(mint: TokenMint, fake_clock: FakeClock) -> None:
    asked: list[int] = []

    async def slow_fetch() -> Mapping[str, Any]:
        asked.append(1)
        await asyncio.sleep(0.05)
        return mint.jwks()

    verifier = TokenVerifier(slow_fetch, fake_clock)
    tokens = [mint.token(mint.principal()) for _ in range(20)]
    principals = await asyncio.gather(*(verifier.verify(token) for token in tokens))
    assert (len(principals), len(asked)) == (20, 1)


async def test_an_unknown_key_is_asked_for_once_the_pause_is_over(
    mint: TokenMint, keys: Keys, fake_clock: FakeClock
) -> None:
    passed = [0.0]
    verifier = TokenVerifier(keys.fetch, fake_clock, monotonic=lambda: passed[0])
    await verifier.verify(mint.token(mint.principal()))
    rotated = TokenMint(fake_clock, "second-key")
    keys.mints.append(rotated)
    token = rotated.token(rotated.principal())
    passed[0] = rules.KEYS_REFETCH_MIN_SECONDS - 1
    with pytest.raises(Unauthenticated):
        await verifier.verify(token)
    passed[0] = rules.KEYS_REFETCH_MIN_SECONDS + 1
    await verifier.verify(token)
    assert keys.asked == 2


async def test_a_withdrawn_key_takes_its_remembered_tokens_along(
    mint: TokenMint, keys: Keys, fake_clock: FakeClock
) -> None:
    passed = [0.0]
    verifier = TokenVerifier(keys.fetch, fake_clock, monotonic=lambda: passed[0])
    stolen = mint.token(mint.principal())
    await verifier.verify(stolen)
    successor = TokenMint(fake_clock, "second-key")
    keys.mints = [successor]
    passed[0] = rules.KEYS_MAX_AGE_SECONDS + 1
    await verifier.verify(successor.token(successor.principal()))
    with pytest.raises(Unauthenticated):
        await verifier.verify(stolen)


async def test_known_keys_outlive_an_absent_auth(mint: TokenMint, keys: Keys, fake_clock: FakeClock) -> None:
    passed = [0.0]
    verifier = TokenVerifier(keys.fetch, fake_clock, monotonic=lambda: passed[0])
    await verifier.verify(mint.token(mint.principal()))
    keys.answers = False
    passed[0] = 10 * rules.KEYS_MAX_AGE_SECONDS
    await verifier.verify(mint.token(mint.principal()))
    assert keys.asked == 2


async def test_keys_of_the_settings_verify_before_auth_was_ever_reached(
    mint: TokenMint, keys: Keys, fake_clock: FakeClock
) -> None:
    keys.answers = False
    verifier = TokenVerifier(keys.fetch, fake_clock, known_keys=mint.jwks())
    principal = mint.principal()
    assert await verifier.verify(mint.token(principal)) == principal
    # A key that the settings do not know may be newer than they are: nobody is logged out for that.
    newer = TokenMint(fake_clock, "newer-key")
    with pytest.raises(Unavailable) as refused:
        await verifier.verify(newer.token(newer.principal()))
    assert refused.value.reason == "KEYS_UNAVAILABLE"


async def test_what_auth_answers_replaces_the_keys_of_the_settings(
    mint: TokenMint, fake_clock: FakeClock
) -> None:
    successor = TokenMint(fake_clock, "second-key")
    verifier = TokenVerifier(Keys(successor).fetch, fake_clock, known_keys=mint.jwks())
    await verifier.verify(successor.token(successor.principal()))
    with pytest.raises(Unauthenticated):
        await verifier.verify(mint.token(mint.principal()))


async def test_no_token_of_a_known_key_waits_for_an_auth_that_hangs(
    mint: TokenMint, fake_clock: FakeClock
) -> None:
    asked: list[int] = []
    never = asyncio.Event()

    async def hang() -> Mapping[str, Any]:
        asked.append(1)
        await never.wait()
        return mint.jwks()

    passed = [0.0]
    verifier = TokenVerifier(hang, fake_clock, known_keys=mint.jwks(), monotonic=lambda: passed[0])
    async with asyncio.timeout(PATIENT_SECONDS):
        for _ in range(20):
            passed[0] += rules.KEYS_RETRY_MIN_SECONDS
            await verifier.verify(mint.token(mint.principal()))
    assert len(asked) == 1
    never.set()


async def test_the_fetch_is_nobodys_call(mint: TokenMint, fake_clock: FakeClock) -> None:
    budgets: list[float | None] = []

    async def fetch() -> Mapping[str, Any]:
        budgets.append(remaining_seconds())
        return mint.jwks()

    with inbound(budget_seconds=0.001):
        await TokenVerifier(fetch, fake_clock).verify(mint.token(mint.principal()))
    assert budgets == [None]


async def test_without_any_key_set_the_answer_is_unavailable_and_recovers(
    mint: TokenMint, keys: Keys, fake_clock: FakeClock
) -> None:
    passed = [0.0]
    verifier = TokenVerifier(keys.fetch, fake_clock, monotonic=lambda: passed[0])
    keys.answers = False
    token = mint.token(mint.principal())
    for _ in range(3):
        with pytest.raises(Unavailable) as refused:
            await verifier.verify(token)
        assert refused.value.reason == "KEYS_UNAVAILABLE"
    assert keys.asked == 1
    keys.answers = True
    passed[0] = rules.KEYS_RETRY_MIN_SECONDS
    await verifier.verify(token)


async def test_a_private_or_symmetric_key_in_the_set_verifies_nothing(
    mint: TokenMint, fake_clock: FakeClock
) -> None:
    async def fetch() -> Mapping[str, Any]:
        secret = {"kty": "oct", "kid": "shared", "k": segment(b"k" * 32)}
        return {"keys": [secret, *mint.jwks()["keys"]]}

    verifier = TokenVerifier(fetch, fake_clock)
    with pytest.raises(Unauthenticated):
        await verifier.verify(with_header(kid="shared")(mint, mint.principal()))


async def test_the_memory_for_tokens_is_bounded(mint: TokenMint, keys: Keys, fake_clock: FakeClock) -> None:
    verifier = TokenVerifier(keys.fetch, fake_clock, remembers=3)
    tokens = [mint.token(mint.principal()) for _ in range(5)]
    for token in tokens:
        await verifier.verify(token)
    assert [verifier.remembered(token) is not None for token in tokens] == [False, False, True, True, True]
