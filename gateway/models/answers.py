"""Answers, as OpenAPI shows them: what everything has in common, accounts, restaurants, health, snapshots.

The JSON itself is made by `fynlo_json`; a walk over all routes compares both. Instants are RFC 3339 in UTC,
amounts are integer minor units in the ``currency`` that the resource states.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """Base: at least these fields; later versions may add some."""

    model_config = ConfigDict(extra="allow")


class ProblemDocument(BaseModel):
    """RFC 9457. `code` is stable; act on it, not on the text."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[dict[str, str]] | None = None
    allowed: list[str] | None = None
    retry_after: int | None = None


class UserOut(Answer):
    """A person who can log in."""

    id: str
    email: str
    name: str


class RestaurantOut(Answer):
    """A restaurant with its settings; ``version`` is what If-Match wants when they are changed."""

    id: str
    name: str
    currency: str
    timezone: str
    bill_mode: str
    service_charge_bp: int
    day_cutoff_minutes: int
    fee_preset: str | None
    platform_id: str | None
    auto_complete: bool
    version: int


class InvitedOwnerOut(Answer):
    """Who was invited to own a restaurant. `id` is null: whether the address has an account is not said."""

    id: str | None
    email: str
    name: str
    state: str
    invitation_id: str | None


class CreatedRestaurantOut(RestaurantOut):
    """A new restaurant and its first owner, as the request named them."""

    owner: InvitedOwnerOut


class RestaurantPage(Answer):
    items: list[RestaurantOut]
    next_cursor: str | None


class MembershipBrief(Answer):
    """A restaurant of a person, with the role held there."""

    id: str
    name: str | None
    role: str


class SessionOut(Answer):
    """Tokens and who holds them. The refresh token works once."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    refresh_token: str | None
    user: UserOut
    role: str
    restaurant: RestaurantOut | None
    restaurants: list[MembershipBrief]
    permissions: list[str]


class LoggedInOut(SessionOut):
    """A new session, and what this device is known by from now on."""

    device_secret: str


class MeOut(Answer):
    user: UserOut
    role: str
    restaurant: RestaurantOut | None
    restaurants: list[MembershipBrief]
    permissions: list[str]


class MemberOut(Answer):
    """A person of a restaurant: `active`, or `pending` while the invitation is not accepted (then there is no
    `user_id`, and an `invitation_id`)."""

    user_id: str | None
    email: str | None
    name: str | None
    role: str
    state: str
    invitation_id: str | None


class MemberPage(Answer):
    items: list[MemberOut]
    next_cursor: str | None


class ActorOut(Answer):
    """Who did something. All empty: the system itself."""

    user_id: str | None
    name: str | None
    device_id: str | None


class SnapshotOut(Answer):
    """The state of a channel and its position: epoch and sequence number."""

    ch: str
    e: str
    s: int
    state: dict[str, Any]


class HealthOut(Answer):
    status: str
    parts: dict[str, str]
