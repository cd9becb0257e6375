"""What is refused of promised times and of where an order is consumed."""

from chassis.errors import Conflict, FieldError, Unprocessable


class RatesUnknown(Conflict):
    """A line is older than the VAT rates of both consumptions that lines keep."""


class FireTime(Unprocessable):
    """A time to fire that is over, or more than a day ahead."""

    def __init__(self) -> None:
        detail = "Name a time that is not over, within a day; or none, to fire at once."
        super().__init__(detail, fields=[FieldError("fire_at", "FIRE_TIME", detail)])


class PromiseRefused(Unprocessable):
    """A promised time that cannot be kept; ``reason`` says why, ``metadata`` what can."""

    def __init__(self, reason: str, detail: str, **known: str) -> None:
        super().__init__(
            detail, reason=reason, metadata=known, fields=[FieldError("scheduled_for", reason, detail)]
        )


class SlotFull(Conflict):
    """No order, or not so many items, can be promised for the slot; ``metadata`` has ``slot`` and ``next``,
    a comma list of slots that are free."""


class LimitTwice(Unprocessable):
    """An order type has two limits."""
