"""The channels of this process by name, and how much of them it keeps."""

from chassis.messaging.channels import CHANNELS, channel_name
from services.realtime.hub.channel import Channel
from services.realtime.limits import CHANNEL_IDLE_SECONDS, RING_PROCESS_BYTES

TRIM_KEEP_EVENTS = 50
"""What every ring keeps when all rings together are too large."""


class Channels(dict[str, Channel]):
    """See the module. The keys are the names that devices use."""

    def named(self, restaurant_id: str, short: str, now: float) -> Channel | None:
        """The channel of that name, made when it is new. None: there is no such kind of channel."""
        name = channel_name(restaurant_id, short)
        channel = self.get(name)
        if channel is None and short in CHANNELS:
            channel = self[name] = Channel(name, restaurant_id, short, now)
        return channel

    def trim(self, now: float) -> None:
        """Lets go of old events, of channels that nobody has needed for long, and of what is too much."""
        for channel in self.values():
            channel.trim(now)
        idle = now - CHANNEL_IDLE_SECONDS
        for name in [name for name, one in self.items() if _forgettable(one) and one.touched_at < idle]:
            del self[name]
        total = sum(channel.bytes for channel in self.values())
        if total > RING_PROCESS_BYTES:
            self._shrink(total)

    def _shrink(self, total: int) -> None:
        """Rings nobody reads go first, then the oldest half of the largest."""
        for channel in sorted(self.values(), key=lambda one: (one.followed, -one.bytes)):
            while channel.ring and len(channel.ring) > TRIM_KEEP_EVENTS and not channel.lagging:
                total -= channel.ring[channel.tail].size
                channel.drop_oldest()
            if total <= RING_PROCESS_BYTES:
                return


def _forgettable(channel: Channel) -> bool:
    return not (channel.followed or channel.pending or channel.fetching)
