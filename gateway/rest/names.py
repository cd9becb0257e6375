"""Made of the contracts: `make protos FIX=1` writes it anew.

Members of bodies by what their texts may hold.
"""

from typing import Final

LINES: Final = frozenset(["address", "description", "note", "notes", "reason", "text"])
UNREAD: Final = frozenset(
    ["barcode", "current", "device_secret", "new", "password", "refresh_token", "token"]
)
