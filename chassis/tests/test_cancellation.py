import asyncio
import contextlib

import pytest

from chassis.process.cancellation import stop_if_cancelled


async def test_a_loop_whose_cancellation_was_swallowed_still_ends() -> None:
    turns = 0

    async def loop() -> None:
        nonlocal turns
        while True:
            stop_if_cancelled()
            turns += 1
            with contextlib.suppress(asyncio.CancelledError):  # as wait_for of Python 3.11 may do
                await asyncio.sleep(0.01)

    task = asyncio.create_task(loop())
    while turns < 2:  # noqa: ASYNC110 - the loop under test has no event
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 30)
    assert turns > 1
