"""What the bench takes from its environment."""

import os

GROWTH = "FYNLO_BENCH_GROWTH"
"""The most orders that `growth` goes to, where a machine has no time or disk for all of it."""
DROPPED = ("PYTHONPATH", "VIRTUAL_ENV", "FYNLO_DATA_DIR", "MAKEFLAGS", "MAKELEVEL")


def environment_of_a_clone() -> dict[str, str]:
    """Ours without what would lead a clone back to this tree."""
    return {name: value for name, value in os.environ.items() if name not in DROPPED}


def largest_growth() -> int:
    """At most so many orders are filled in."""
    return int(os.environ.get(GROWTH, "1000000"))
