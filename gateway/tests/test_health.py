"""Health costs the services little, whoever asks, and says yes only when a sale can be made."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from httpx import ASGITransport, AsyncClient, Response

from gateway.app import build_app
from gateway.calls import Gateway
from gateway.known import Known
from gateway.routes.health import FRESH_SECONDS, NEEDED

UP = dict.fromkeys((*NEEDED, "staff", "valkey"), "up")


class Parts:
    """The parts of a system, and how often they were asked."""

    def __init__(self, **states: str) -> None:
        self.states = UP | states
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def ask(self) -> dict[str, str]:
        self.asked += 1
        await self.may_answer.wait()
        return self.states


async def health_of(parts: Parts, setup_done_file: Path | None = None) -> Response:
    settings = SimpleNamespace(setup_done_file=setup_done_file)
    gateway = SimpleNamespace(settings=settings, health=Known(parts.ask, FRESH_SECONDS))
    transport = ASGITransport(app=build_app(cast(Gateway, gateway)))
    async with AsyncClient(transport=transport, base_url="http://gateway") as client:
        return await client.get("/api/v2/health")


async def test_many_who_ask_at_once_are_one_question() -> None:
    parts = Parts()
    known = Known(parts.ask, FRESH_SECONDS)
    parts.may_answer.clear()
    asking = [asyncio.create_task(known.get()) for _ in range(100)]
    await asyncio.sleep(0)
    parts.may_answer.set()
    assert await asyncio.gather(*asking) == [UP] * 100
    assert parts.asked == 1


async def test_an_answer_is_kept_for_a_second_and_no_longer() -> None:
    parts = Parts()
    known = Known(parts.ask, FRESH_SECONDS)
    for _ in range(10):
        await known.get()
    assert parts.asked == 1
    await asyncio.sleep(FRESH_SECONDS * 1.2)
    parts.states = UP | {"orders": "down"}
    assert (await known.get())["orders"] == "down"
    assert parts.asked == 2


async def test_who_asked_first_may_leave_and_the_others_are_answered() -> None:
    parts = Parts()
    known = Known(parts.ask, FRESH_SECONDS)
    parts.may_answer.clear()
    first, second = asyncio.create_task(known.get()), asyncio.create_task(known.get())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    parts.may_answer.set()
    assert await second == UP
    assert parts.asked == 1


async def test_a_question_that_failed_is_asked_again() -> None:
    answers: list[Any] = [RuntimeError("no channel"), UP]

    async def ask() -> dict[str, str]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    known = Known(ask, FRESH_SECONDS)
    with pytest.raises(RuntimeError):
        await known.get()
    assert await known.get() == UP


@pytest.mark.parametrize("part", NEEDED)
async def test_no_sale_can_be_made_without(part: str) -> None:
    answer = await health_of(Parts(**{part: "down"}))
    assert answer.status_code == 503
    assert json.loads(answer.content)["parts"][part] == "down"


async def test_no_sale_can_be_made_before_the_system_is_set_up(tmp_path: Path) -> None:
    done = tmp_path / "setup-done"
    before = await health_of(Parts(), done)
    assert (before.status_code, before.json()["parts"]["setup"]) == (503, "down")
    done.touch()
    after = await health_of(Parts(), done)
    assert (after.status_code, after.json()["parts"]["setup"]) == (200, "up")


async def test_a_system_that_nobody_sets_up_is_not_waited_for() -> None:
    answer = await health_of(Parts())
    assert answer.status_code == 200
    assert "setup" not in answer.json()["parts"]
