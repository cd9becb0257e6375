"""Mistakes on purpose: one function of a process is replaced before its normal main runs.

The checkers must find each of them; a green run means little otherwise. `python -m tools.chaos.planted FILE
MODULE` runs MODULE with the mistake that FILE names for it (JSON, module -> mistake); without one, as it is.
"""

import asyncio
import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ACKED_EARLY_SECONDS = 0.3
"""How long an event that is acknowledged already is not handled yet."""


def no_claim() -> None:
    """Every idempotency key is new: a repeated request has its effect again."""
    from chassis.db import Transaction

    async def claim(self: Transaction, key: Any) -> None:
        self._claimed = None

    def remember(self: Transaction, reply: bytes) -> None:
        return None

    Transaction.claim = claim  # type: ignore[method-assign]
    Transaction.remember = remember  # type: ignore[method-assign]


def resume_off_by_one() -> None:
    """A device that comes back goes on one event too late."""
    from services.realtime.hub.channel import Channel
    from services.realtime.hub.delivery import Delivery
    from services.realtime.hub.session import Session

    attach = Delivery.attach

    def attach_late(self: Delivery, session: Session, channel: Channel, cursor: int) -> None:
        attach(self, session, channel, cursor + 1)

    Delivery.attach = attach_late  # type: ignore[method-assign]


def ack_before_commit() -> None:
    """An event counts as handled before it is: a crash in between loses it."""
    from nats.aio.msg import Msg

    from chassis.inbox import Consumer

    async def settle(self: Consumer, msg: Msg) -> None:
        await msg.ack()
        await asyncio.sleep(ACKED_EARLY_SECONDS)
        await self._handle(msg.subject, msg.headers or {}, msg.data, 1)

    Consumer._settle = settle  # type: ignore[method-assign]


MISTAKES: dict[str, Callable[[], None]] = {
    "no-claim": no_claim,
    "resume-off-by-one": resume_off_by_one,
    "ack-before-commit": ack_before_commit,
}


def plant(file: Path, mistakes: dict[str, str]) -> None:
    """From their next start on, the processes of these modules (`services.orders`) have these mistakes."""
    unknown = set(mistakes.values()) - set(MISTAKES)
    if unknown:
        raise ValueError(f"there are no such mistakes: {unknown}")
    file.write_text(json.dumps(mistakes))


def main(file: Path, module: str) -> None:
    """Runs ``module`` as `python -m` would."""
    planted = json.loads(file.read_text()) if file.exists() else {}
    if module in planted:
        MISTAKES[planted[module]]()
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
