"""Every limit of a connection, a channel and the process. Seconds, bytes and counts as named."""

from typing import Final

# what a client may send
INBOUND_FRAME_BYTES: Final = 16 * 1024
HELLO_BYTES: Final = 8 * 1024
HELLO_SECONDS: Final = 5.0
INBOUND_PER_SECOND: Final = 10.0
INBOUND_BURST: Final = 40.0
RATE_VIOLATIONS_MAX: Final = 5
RATE_RETRY_MS: Final = 2_000
CHANNELS_PER_CONNECTION: Final = 16
STATIONS_PER_DEVICE: Final = 64
ID_CHARS: Final = 128
CHANNEL_CHARS: Final = 80

# what a client may hold
CONNECTIONS_PER_DEVICE: Final = 2
ACCEPTS_BURST_SECONDS: Final = 5.0
"""What an address may open at once: its share of so many seconds. A restaurant's devices come together."""
ADDRESSES_MAX: Final = 10_000
"""Addresses whose new sockets are counted."""

# what is sent
OUTBOUND_FRAME_BYTES: Final = 64 * 1024
SOFT_BUFFER_BYTES: Final = 64 * 1024
"""In the transport. Above it nothing is written: the connection follows the ring with a cursor instead."""
RESUME_BUFFER_BYTES: Final = 16 * 1024
HARD_BUFFER_BYTES: Final = 256 * 1024
UNSENT_SECONDS: Final = 10.0
UNSENT_PROCESS_BYTES: Final = 256 * 1024 * 1024
UNSENT_RETRY_MS: Final = 5_000

# heartbeats and tokens
HEARTBEAT_SECONDS: Final = 20.0
HEARTBEAT_KDS_SECONDS: Final = 10.0
HEARTBEAT_TIMEOUT_SECONDS: Final = 10.0
HEARTBEAT_JITTER: Final = 0.2
AUTH_ASK_SECONDS: Final = (30.0, 90.0)
AUTH_GRACE_SECONDS: Final = 30.0
CLOSE_SECONDS: Final = 2.0
"""How long a closed socket may take to flush and answer before it is cut."""

# channels
RING_EVENTS: Final = 1_000
RING_SECONDS: Final = 600.0
RING_PROCESS_BYTES: Final = 256 * 1024 * 1024
PENDING_EVENTS: Final = 1_000
"""Events held behind a hole; the ones beyond come back when the hole is healed."""
WAITERS_PER_CHANNEL: Final = 2_000
FETCH_RETRY_SECONDS: Final = (0.25, 5.0)
UNAVAILABLE_RETRY_MS: Final = 2_000
CHANNEL_IDLE_SECONDS: Final = 900.0
"""A channel without subscribers and events is forgotten after this long."""
