"""Sends one operation of a device until there is a definitive answer, and writes down every attempt."""

import asyncio
import hashlib
import random
from collections.abc import Callable
from typing import Any

import httpx
import orjson

from chassis.ids import new_id
from tools.api import RETRIED_STATUSES, Device
from tools.chaos.history import FAIL, INFO, INVOKE, OK, History

SETTLE_SECONDS = 90.0
"""After this long without a definitive answer a device gives up, and the run has failed."""
CALM_SECONDS = 30.0
"""It gives up at the earliest this long after the last strike: a system that is struck for longer than
SETTLE_SECONDS need not have been whole for a moment.
"""
FIRST_PAUSE_SECONDS = 0.05
MAX_PAUSE_SECONDS = 1.0
KEPT_FACTS = ("id", "order_id", "amount_minor", "state", "number")

Json = dict[str, Any]


class Caller:
    """The careful half of a device. ``rng`` decides pauses, so that a seed gives the same run;
    ``calm_since`` says since when nothing is struck, infinity while something is, on the clock of the loop.
    """

    def __init__(
        self,
        device: Device,
        history: History,
        rng: random.Random,
        calm_since: Callable[[], float],
        *,
        settle_seconds: float = SETTLE_SECONDS,
        calm_seconds: float = CALM_SECONDS,
    ) -> None:
        self.device = device
        self.rng = rng
        self._history = history
        self._calm_since = calm_since
        self._settle_seconds = settle_seconds
        self._calm_seconds = calm_seconds

    async def call(
        self,
        kind: str,
        path: str,
        body: Json,
        *,
        asked: Json | None = None,
        content: str = "",
        op: str = "",
        method: str = "POST",
    ) -> Json | None:
        """Sends under one key. The answer; None where it was refused or never came (see the history).

        With ``op``, an operation that has its answer is sent again, byte for byte, as a device does that has
        lost the answer.
        """
        op = op or str(new_id())
        raw = orjson.dumps(body)
        self._history.write(
            op,
            INVOKE,
            kind=kind,
            device=self.device.device_id,
            restaurant_id=self.device.restaurant_id,
            key=op,
            content=content or hashlib.sha256(raw).hexdigest()[:16],
            asked={"path": path, **(asked or {})},
        )
        clock = asyncio.get_running_loop().time
        settle_at = clock() + self._settle_seconds
        pause = FIRST_PAUSE_SECONDS
        while clock() < max(settle_at, self._calm_since() + self._calm_seconds):
            settled, answer = await self._attempt(op, method, path, raw)
            if settled:
                return answer
            await asyncio.sleep(self.rng.uniform(pause / 2, pause))
            pause = min(2 * pause, MAX_PAUSE_SECONDS)
        return None

    async def _attempt(self, op: str, method: str, path: str, raw: bytes) -> tuple[bool, Json | None]:
        """One request. Whether that settles the operation, and its answer."""
        headers = {
            "Authorization": f"Bearer {self.device.access_token}",
            "Idempotency-Key": op,
            "Content-Type": "application/json",
        }
        try:
            reply = await self.device.http.request(
                method, self.device.base_url + path, content=raw, headers=headers
            )
            parsed = orjson.loads(reply.content) if reply.content else {}
        except (httpx.HTTPError, orjson.JSONDecodeError) as error:
            self._history.write(op, INFO, why=type(error).__name__)
            return False, None
        if reply.is_success:
            kept = {name: parsed[name] for name in KEPT_FACTS if name in parsed}
            if "totals" in parsed:
                kept["total_minor"] = parsed["totals"]["total_minor"]
            if "z_report" in parsed:
                kept |= {name: parsed[name] for name in ("expected_minor", "variance_minor")}
                kept["z_number"] = parsed["z_report"]["number"]
            replayed = reply.headers.get("idempotency-replayed") == "true"
            self._history.write(op, OK, answer={**kept, "replayed": replayed})
            return True, parsed
        code = str(parsed.get("code", ""))
        if reply.status_code == 401:
            self._history.write(op, INFO, why="401")
            await self.device.log_in()
            return False, None
        if reply.status_code in RETRIED_STATUSES or parsed.get("retry_after") is not None:
            self._history.write(op, INFO, why=f"{reply.status_code} {code}")
            return False, None
        self._history.write(op, FAIL, status=reply.status_code, code=code)
        return True, None
