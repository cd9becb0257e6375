"""Bodies and answers of invitations, passwords and members."""

from typing import Annotated, Literal

from pydantic import Field

from gateway.bodies import Body
from gateway.models.answers import Answer
from gateway.models.bodies import NAME_CHARS_MAX, Email, NewEmail

TOKEN_CHARS_MAX = 512
PASSWORD_CHARS_MAX = 1024

Role = Literal["employee", "manager", "restaurant_owner"]
LinkToken = Annotated[str, Field(min_length=1, max_length=TOKEN_CHARS_MAX)]
NewPassword = Annotated[str, Field(max_length=PASSWORD_CHARS_MAX)]
MaybeName = Annotated[str, Field(max_length=NAME_CHARS_MAX)]


class InvitationIn(Body):
    """Somebody to invite. `name` is what the restaurant calls the person until there is an account."""

    email: NewEmail
    role: Role
    name: MaybeName | None = None


class AcceptIn(Body):
    """The token of the link. `password`: that of the account, or of the person's choice where the address is
    new; `name` is for a new account alone.
    """

    token: LinkToken
    password: NewPassword | None = None
    name: MaybeName | None = None
    device_id: Annotated[str, Field(max_length=128)] | None = None
    client: Literal["web", "ios", "kds"] = "web"


class PreviewIn(Body):
    """The token of the link."""

    token: LinkToken


class RoleIn(Body):
    """The role from now on."""

    role: Role


class PasswordIn(Body):
    """The present password and the one that is to be."""

    current: Annotated[str, Field(min_length=1, max_length=PASSWORD_CHARS_MAX)]
    new: NewPassword


class ForgotIn(Body):
    """The address of the account."""

    email: Email


class ResetIn(Body):
    """The token of the link, and a password of the person's choice."""

    token: LinkToken
    password: NewPassword


class InvitationOut(Answer):
    """A membership that somebody was asked to take up: pending, accepted, expired or revoked."""

    id: str
    email: str
    name: str | None
    role: str
    state: str
    created_at: str
    expires_at: str
    invited_by: str | None


class InvitationPage(Answer):
    items: list[InvitationOut]
    next_cursor: str | None


class PreviewOut(Answer):
    """What is to be accepted. `has_account`: its password is asked for; else a new one is set."""

    restaurant: str
    role: str
    email: str
    name: str | None
    has_account: bool
