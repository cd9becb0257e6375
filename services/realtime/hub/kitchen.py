"""What the hub tells of kitchens."""

from typing import Protocol

from services.realtime.frames import Event
from services.realtime.hub.session import Session


class KitchenWatch(Protocol):
    """Who wants to know what kitchens get and what their displays do."""

    def published(self, event: Event, epoch: str, seq: int, now: float, age_seconds: float) -> None:
        """The next event of a channel that displays acknowledge, in order and once."""

    def told(self, event: Event) -> None:
        """The next event of any other channel, in order and once: alarms begin and end there."""

    def display_joined(self, session: Session) -> None:
        """A kitchen display follows its restaurant's kitchen channel."""

    def display_left(self, session: Session) -> None:
        """It is gone."""

    def acknowledged(self, session: Session, epoch: str, seq: int) -> None:
        """It has applied and stored everything up to ``seq``."""
