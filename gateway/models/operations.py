"""Bodies and answers for the operators of the platform."""

from typing import Annotated

from pydantic import Field

from gateway.bodies import Body
from gateway.models.answers import Answer


class RetryIn(Body):
    """All parked events of a type."""

    type: Annotated[str, Field(pattern=r"^fynlo\.[a-z]{1,20}\.v[0-9]\.[A-Za-z]{1,80}$")]


class DiscardIn(Body):
    """Why the event shall have no effect; it is kept with the record of who discarded it."""

    reason: Annotated[str, Field(min_length=3, max_length=300)]


class ParkedEventOut(Answer):
    """An event that a service could not handle. `error`: what went wrong last, in words."""

    id: str
    service: str
    type: str
    subject: str
    restaurant_id: str | None
    parked_at: str
    tries: int
    failures: int
    error: str


class ParkedServiceOut(Answer):
    """How many events a service has parked (10001: more than 10,000); null where it could not be asked."""

    service: str
    parked: int | None


class ParkedPage(Answer):
    items: list[ParkedEventOut]
    services: list[ParkedServiceOut]
    next_cursor: str | None


class ParkedBodyOut(ParkedEventOut):
    """`body`: JSON text for people, null where it cannot be read; secrets, card numbers, notes and health are
    left out.
    """

    body: str | None
    body_cut: bool


class RetriedOut(Answer):
    """How many will be tried again."""

    asked: int
