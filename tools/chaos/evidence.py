"""What the checkers compare, and what they find."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tools.chaos.channel_store import ChannelStore
from tools.chaos.history import Operation
from tools.chaos.observe import Observations, StoredOrder


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken invariant."""

    invariant: str
    what: str
    ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known after a run. ``stores`` are the devices' own, one per device and channel."""

    operations: Sequence[Operation]
    truth: Observations
    stores: Sequence[ChannelStore]
    store_lost: bool = False
    """Whether the stream was lost in this run, and filled again."""
    restaurants: frozenset[str] = frozenset()
    """Those of this run; empty: all that there are."""
    opening_stock: Mapping[str, int] = field(default_factory=dict)
    """Units of each counted item before the first sale."""

    def of_kind(self, kind: str) -> Iterable[Operation]:
        """The operations of one kind."""
        return (op for op in self.operations if op.kind == kind)

    def orders_by_op(self) -> dict[str, list[StoredOrder]]:
        """Orders by the operation that asked for them."""
        found: dict[str, list[StoredOrder]] = defaultdict(list)
        for order in self.truth.orders:
            found[order.op].append(order)
        return found
