"""What stands behind a command: the actor's own word, and a second person's."""

from dataclasses import dataclass

from services.orders.domain.actor import Actor


@dataclass(frozen=True, slots=True)
class Authority:
    """``permission`` is what an approver holds, ``alone`` says that the actor holds it. An approval that came
    is either its approver or the ``fault`` for which it counts for nothing.
    """

    permission: str
    alone: bool
    approver: Actor | None = None
    fault: str = ""
