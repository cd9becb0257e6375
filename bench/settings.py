"""What the bench takes from its environment."""

import os

DROPPED = ("PYTHONPATH", "VIRTUAL_ENV", "FYNLO_DATA_DIR", "MAKEFLAGS", "MAKELEVEL")


def environment_of_a_clone() -> dict[str, str]:
    """Ours without what would lead a clone back to this tree."""
    return {name: value for name, value in os.environ.items() if name not in DROPPED}
