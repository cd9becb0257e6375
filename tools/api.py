"""A client of REST v2 and of the device socket, as a careful device would be: keys, retries, one pool.

Used by the tools that play restaurants: replay, seed checks, chaos and benchmarks.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from chassis.ids import new_id

REQUEST_SECONDS = 10.0
RETRY_ATTEMPTS = 60
RETRY_FIRST_SECONDS = 0.1
RETRY_MAX_SECONDS = 2.0
RETRIED_STATUSES = frozenset({429, 500, 502, 503, 504})
SOCKET_FRAME_MAX = 1 << 20
SUBPROTOCOL = Subprotocol("fynlo.rt.v1")


class Refused(Exception):
    """An answer that a retry will not change."""

    def __init__(self, method: str, path: str, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{method} {path}: {status} {problem.get('code')} {problem.get('detail')}")
        self.status = status
        self.code = str(problem.get("code", ""))
        self.problem = problem


class Unanswered(Exception):
    """No definitive answer within all retries: whether it took effect is unknown."""


@dataclass(slots=True)
class Device:
    """One signed-in device."""

    base_url: str
    http: httpx.AsyncClient
    email: str
    password: str
    device_id: str
    client: str = "ios"
    access_token: str = ""
    refresh_token: str = ""
    restaurant_id: str = ""

    async def log_in(self) -> dict[str, Any]:
        """Signs in; keeps the tokens."""
        body = {
            "email": self.email,
            "password": self.password,
            "device_id": self.device_id,
            "client": self.client,
        }
        return self.keep(await self.send("POST", "/api/v2/auth/login", body))

    async def switch(self, restaurant_id: str) -> dict[str, Any]:
        """Works in another restaurant from now on."""
        return self.keep(await self.post("/api/v2/auth/switch", {"restaurant_id": restaurant_id}))

    async def get(self, path: str) -> Any:
        """Raises Refused or Unanswered."""
        return await self.request("GET", path, None)

    async def post(self, path: str, body: Any, key: str | None = None) -> Any:
        """One action under one key, repeated until there is an answer. Raises Refused or Unanswered."""
        return await self.request("POST", path, body, key or str(new_id()))

    async def put(self, path: str, body: Any, key: str | None = None) -> Any:
        """As ``post``."""
        return await self.request("PUT", path, body, key or str(new_id()))

    async def request(self, method: str, path: str, body: Any, key: str | None = None) -> Any:
        """The answer's JSON. Signs in again once when the token has run out."""
        headers = {"Idempotency-Key": key} if key else {}
        try:
            return await self._send(method, path, body, self._signed(headers))
        except Refused as refusal:
            if refusal.status != 401:
                raise
        await self.log_in()
        return await self._send(method, path, body, self._signed(headers))

    def _signed(self, headers: dict[str, str]) -> dict[str, str]:
        return {**headers, "Authorization": f"Bearer {self.access_token}"}

    async def send(self, method: str, path: str, body: Any) -> Any:
        """A request that needs no token, repeated until there is an answer. Raises Refused or Unanswered."""
        return await self._send(method, path, body, {})

    def keep(self, session: dict[str, Any]) -> dict[str, Any]:
        """Goes on with the tokens of a log-in."""
        self.access_token = session["access_token"]
        self.refresh_token = session["refresh_token"] or self.refresh_token
        if session["restaurant"]:
            self.restaurant_id = session["restaurant"]["id"]
        return session

    async def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        content = None if body is None else orjson.dumps(body)
        if content is not None:
            headers = {**headers, "Content-Type": "application/json"}
        pause = RETRY_FIRST_SECONDS
        for _ in range(RETRY_ATTEMPTS):
            wait = random.uniform(0, pause)
            try:
                answer = await self.http.request(
                    method, self.base_url + path, content=content, headers=headers
                )
            except httpx.HTTPError:
                pass
            else:
                parsed = orjson.loads(answer.content) if answer.content else {}
                if answer.is_success:
                    return parsed
                in_flight = parsed.get("code") == "idempotency_in_flight"
                if answer.status_code not in RETRIED_STATUSES and not in_flight:
                    raise Refused(method, path, answer.status_code, parsed)
                wait = max(
                    wait, float(answer.headers.get("retry-after", 0)) if answer.status_code == 429 else 0
                )
            await asyncio.sleep(wait)
            pause = min(pause * 2, RETRY_MAX_SECONDS)
        raise Unanswered(f"{method} {path} was not answered in {RETRY_ATTEMPTS} tries")

    @contextlib.asynccontextmanager
    async def socket(self) -> AsyncIterator[ClientConnection]:
        """An open device socket, before hello."""
        url = self.base_url.replace("http", "ws", 1) + "/api/v2/ws"
        async with connect(
            url, subprotocols=[SUBPROTOCOL], compression=None, max_size=SOCKET_FRAME_MAX, ping_interval=None
        ) as socket:
            yield socket


def http_client(connections: int = 32) -> httpx.AsyncClient:
    """A pool of kept-alive connections."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx.AsyncClient(timeout=REQUEST_SECONDS, limits=limits, trust_env=False)
