"""What an order allows now, and the refusal of everything else."""

from services.orders.domain.errors import IllegalTransition, RefundRequired
from services.orders.domain.order.axes import Kitchen, Lifecycle, State
from services.orders.domain.order.order import Order

OF_LINES = ("add_lines", "change_line", "void_line")
"""The commands that change lines, in a draft or an order that is not closed."""


def illegal(order: Order, command: str, detail: str = "") -> IllegalTransition:
    """The refusal of ``command``, with the commands that are possible now."""
    return IllegalTransition(order.state.value, command, allowed_commands(order), detail)


def allowed_commands(order: Order) -> list[str]:
    """What can be asked of the order now."""
    if order.lifecycle is Lifecycle.DRAFT:
        if all(line.voided for line in order.lines):
            return ["cancel", "add_lines"]
        return ["validate", "cancel", *OF_LINES]
    if order.lifecycle is not Lifecycle.VALIDATED:
        return ["invoice"] if order.lifecycle is Lifecycle.DONE else []
    active = [line for line in order.lines if line.active]
    kitchens = {line.kitchen for line in active}
    possible = {
        "fire": Kitchen.HELD in kitchens and order.kitchen_may_start,
        "start": Kitchen.QUEUED in kitchens,
        "bump": bool(kitchens & {Kitchen.QUEUED, Kitchen.PREPARING}),
        "complete": kitchen_is_through(order) and not order.totals.due_minor,
        "split": may_split(order),
        "transfer": True,
        "merge": True,
        "unmerge": bool(order.merged) and not order.totals.paid_minor,
        "cancel": not order.totals.paid_minor,
        "add_lines": True,
        "change_line": bool(active),
        "void_line": bool(active),
    }
    return [name for name, may in possible.items() if may]


def reachable_statuses(order: Order) -> list[State]:
    """The derived states that one command leads to."""
    commands = set(allowed_commands(order))
    reachable = {
        State.VALIDATED: "validate" in commands,
        State.PREPARING: "start" in commands and order.state is not State.PREPARING,
        State.READY: "bump" in commands and order.kitchen is not Kitchen.HELD,
        State.DONE: "complete" in commands,
        State.CANCELLED: "cancel" in commands,
    }
    return [state for state, may in reachable.items() if may]


def may_split(order: Order) -> bool:
    """Something of it is left to pay."""
    return order.lifecycle is Lifecycle.VALIDATED and order.totals.due_minor > 0


def kitchen_is_through(order: Order) -> bool:
    """Everything is handed over or waits to be."""
    return order.kitchen in {Kitchen.READY, Kitchen.SERVED, Kitchen.NONE}


def refuse_below_paid(before: Order, after: Order) -> None:
    """Raises RefundRequired where it costs less than before, and less than was paid: what was paid too much
    already keeps nobody from what makes it no more."""
    totals = after.totals
    if totals.total_minor < min(before.totals.total_minor, totals.paid_minor):
        raise RefundRequired(
            f"{totals.paid_minor} is paid and {totals.total_minor} would be left to pay in all: refund the "
            "difference first.",
            metadata={"paid_minor": str(totals.paid_minor), "total_minor": str(totals.total_minor)},
        )
