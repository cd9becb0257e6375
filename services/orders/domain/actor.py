"""Who did something."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it, as histories print it. Ids are empty for the system itself."""

    user_id: str
    name: str
    device_id: str = ""
