"""What the hub asks the shell to read, and what the shell has found."""

from services.realtime.frames import Event
from services.realtime.hub.channel import Channel


class Fetch:
    """Request to the shell: read events after ``seq`` of ``epoch`` (None: only ask where the channel
    stands), then call ``Hub.fetched``. A copy of the log will do where it reaches ``until``; 0: ask the
    owner.
    """

    __slots__ = ("channel", "epoch", "limit", "seq", "until")

    def __init__(self, channel: Channel, epoch: str | None, seq: int, until: int, limit: int) -> None:
        self.channel = channel
        self.epoch = epoch
        self.seq = seq
        self.until = until
        self.limit = limit


class Fetched:
    """What was found. ``epoch`` None: nobody could answer. ``complete``: ``events`` are all of (seq, head],
    or its contiguous beginning; otherwise they cannot be had and only the position counts.
    """

    __slots__ = ("complete", "epoch", "events", "head")

    def __init__(self, epoch: str | None, head: int, events: list[tuple[int, Event]], complete: bool) -> None:
        self.epoch = epoch
        self.head = head
        self.events = events
        self.complete = complete
