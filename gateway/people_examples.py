"""The examples of invitations, members and passwords: how Tilly came to work at Casa Demo."""

from typing import Final

from gateway.examples import AT, USER, USER_ID, Example

INVITATION_ID: Final = "0198f0a0-0000-7000-8000-0000000000f4"
TOKEN: Final = "q7Jm2v8nYk4uTz1xW0sLr5dPc9bHf3eA6gKiMoQyRtU"  # noqa: S105 - an example, of no use anywhere

MEMBER: Final[Example] = {
    "user_id": USER_ID,
    "email": USER["email"],
    "name": USER["name"],
    "role": "employee",
    "state": "active",
    "invitation_id": None,
}
ROLE_IN: Final[Example] = {"role": "manager"}
INVITATION_IN: Final[Example] = {"email": USER["email"], "role": "employee", "name": USER["name"]}
INVITATION: Final[Example] = {
    "id": INVITATION_ID,
    **INVITATION_IN,
    "state": "pending",
    "created_at": AT,
    "expires_at": "2026-11-27T12:30:00.123Z",
    "invited_by": USER_ID,
}
PREVIEW_IN: Final[Example] = {"token": TOKEN}
PREVIEW: Final[Example] = {
    "restaurant": "Casa Demo",
    "role": "employee",
    "email": USER["email"],
    "name": USER["name"],
    "has_account": False,
}
ACCEPT_IN: Final[Example] = {"token": TOKEN, "password": "lunch-at-noon-2026", "name": USER["name"]}
PASSWORD_IN: Final[Example] = {"current": "lunch-at-noon-2026", "new": "dinner-at-eight-2026"}
FORGOT_IN: Final[Example] = {"email": USER["email"]}
RESET_IN: Final[Example] = {"token": TOKEN, "password": "dinner-at-eight-2026"}
