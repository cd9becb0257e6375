"""What is deleted when nobody can need it any more."""

import asyncio
from datetime import timedelta

from chassis.errors import Problem
from chassis.telemetry import get_logger
from services.orders.store import print_job
from services.orders.usecases.ports import Dependencies

SWEEP_EVERY_SECONDS = 600.0
SWEEP_BATCH = 1_000
BATCHES_MAX = 50
"""One sweep deletes at most 50,000 rows; the rest is for the next."""
PRINT_JOBS_KEPT = timedelta(days=7)
"""What was printed can be printed again from its order for ever; the job itself says only when and where."""

_log = get_logger("orders.housekeeping")


async def sweep_print_jobs(deps: Dependencies) -> int:
    """Deletes jobs that are over, in batches; how many. What still waits for its printer stays."""
    before, deleted = deps.clock.now() - PRINT_JOBS_KEPT, 0
    for _ in range(BATCHES_MAX):
        async with deps.db.transaction(None) as tx:
            count = await print_job.sweep_jobs(tx, before, SWEEP_BATCH)
        deleted += count
        if count < SWEEP_BATCH:
            break
    return deleted


async def housekeep_forever(deps: Dependencies) -> None:
    """Sweeps, also after a failure."""
    while True:
        await asyncio.sleep(SWEEP_EVERY_SECONDS)
        try:
            await sweep_print_jobs(deps)
        except Problem as problem:
            _log.warning("what is over was not removed", reason=problem.reason)
