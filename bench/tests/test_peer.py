"""The peer stores what it answers, and serves nobody without a good token."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from bench import peer
from harness.fixtures import Infrastructure

RESTAURANT = str(uuid4())
ITEMS = [str(uuid4()) for _ in range(5)]
KEY = OKPKey.generate_key("Ed25519")
BODY = {
    "service_flow": "pay_later",
    "order_type": "takeaway",
    "menu_version": 1,
    "lines": [{"item_id": item, "quantity": 1 + index % 2} for index, item in enumerate(ITEMS[:4])],
}


@pytest.fixture(scope="module")
def running_peer(infrastructure: Infrastructure) -> Iterator[peer.Peer]:
    with peer.running(infrastructure.postgres(), KEY.as_dict(private=False), {RESTAURANT: ITEMS}) as running:
        yield running


def _token(key: OKPKey = KEY, expires_in: int = 600, **claims: Any) -> str:
    whole = {"rid": RESTAURANT, "exp": int(time.time()) + expires_in, **claims}
    return jwt.encode({"alg": "EdDSA"}, whole, key, algorithms=["EdDSA"])


def _post(running: peer.Peer, token: str, body: Any = BODY) -> httpx.Response:
    return httpx.post(
        f"http://127.0.0.1:{running.port}/api/v2/orders",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )


async def test_the_peer_stores_what_it_answers(running_peer: peer.Peer) -> None:
    before = await running_peer.stored()
    answers = [_post(running_peer, _token()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201] * 3
    peer.audit(before, await running_peer.stored(), 3, 4)
    connection = await asyncpg.connect(running_peer.database)
    try:
        for shown in (answer.json() for answer in answers):
            total = await connection.fetchval("SELECT total_minor FROM orders WHERE id = $1", shown["id"])
            lines = await connection.fetch(
                "SELECT product_id::text, quantity FROM order_lines WHERE order_id = $1", shown["id"]
            )
            assert total == shown["total_minor"] == 6 * peer.PRICE_MINOR
            wanted = BODY["lines"]
            assert isinstance(wanted, list)
            assert sorted(map(tuple, lines)) == sorted((one["item_id"], one["quantity"]) for one in wanted)
    finally:
        await connection.close()


async def test_the_peer_refuses_a_bad_token_and_stores_nothing(running_peer: peer.Peer) -> None:
    before = await running_peer.stored()
    strangers = OKPKey.generate_key("Ed25519")
    good = _token()
    bad = ["nonsense", good[:-8] + "AAAAAAAA", _token(strangers), _token(expires_in=-60), _token(rid="x")]
    assert [_post(running_peer, token).status_code for token in bad] == [401] * len(bad)
    elsewhere = _post(running_peer, _token(rid=str(uuid4())))
    assert elsewhere.status_code == 422
    assert await running_peer.stored() == before


def test_an_answer_without_its_order_is_found_out() -> None:
    peer.audit((5, 20), (7, 28), 2, 4)
    peer.audit((5, 20), (7, 28), 1, 4, unsure=1)
    for after in ((6, 24), (7, 27), (8, 32)):
        with pytest.raises(peer.PeerLied):
            peer.audit((5, 20), after, 2, 4)
