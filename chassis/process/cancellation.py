"""Loops that must end when they are cancelled."""

import asyncio


def stop_if_cancelled() -> None:
    """Raises CancelledError where the running task has been cancelled and went on nevertheless.

    In Python 3.11 ``asyncio.wait_for``, on which nats-py waits for every answer, swallows a cancellation that
    arrives together with the answer. A loop without an end calls this once per turn.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
