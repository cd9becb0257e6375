"""Somebody who looks after the goods: takes in deliveries, throws away, counts."""

import asyncio
from dataclasses import dataclass

from tools.chaos.caller import Caller

DELIVERY, WASTE, COUNT = "delivery", "waste", "count"
STEPS = frozenset({DELIVERY, WASTE, COUNT})
MOST_UNITS = 5


@dataclass(frozen=True, slots=True)
class Storekeeper:
    """``sold``: items that are sold meanwhile; ``kept``: one that nobody sells, which can be counted."""

    caller: Caller
    sold: tuple[str, ...]
    kept: str

    async def work(self, seconds: float, every_seconds: float) -> None:
        """One thing after the other for so long."""
        clock, rng = asyncio.get_running_loop().time, self.caller.rng
        until = clock() + seconds
        while clock() < until:
            await asyncio.sleep(rng.uniform(0.5, 1.5) * every_seconds)
            step = rng.choice((DELIVERY, DELIVERY, WASTE, COUNT))
            item_id = self.kept if step == COUNT else rng.choice((*self.sold, self.kept))
            body = {"quantity": rng.randint(1, MOST_UNITS), "reason": "chaos"}
            asked = {"item_id": item_id, "quantity": body["quantity"]}
            await self.caller.call(step, f"/api/v2/stock/{item_id}/{step}", body, asked=asked)
