"""People who join by invitation, for the tools that play restaurants: they read the mail of this machine.

Needs a system whose mail stays local, as that of ``make run`` does.
"""

import asyncio
from typing import Any

from tools.api import Device

MAIL_SECONDS = 30.0
PAUSE_SECONDS = 0.05


async def joins(person: Device, name: str) -> None:
    """Takes up the invitation that was sent to ``person``'s address, with that device's password, and is
    signed in by it. Raises TimeoutError where no mail comes, Refused or Unanswered.
    """
    body = {
        "token": await secret_sent_to(person),
        "password": person.password,
        "name": name,
        "device_id": person.device_id,
        "client": person.client,
    }
    person.keep(await person.send("POST", "/api/v2/invitations/accept", body))


async def secret_sent_to(person: Device, *, after: str = "") -> str:
    """The secret of the newest link in a mail to ``person``, a later one than ``after``. Raises
    TimeoutError.
    """
    async with asyncio.timeout(MAIL_SECONDS):
        while True:
            found: Any = await person.send("GET", f"/outbox/mails?to={person.email}", None)
            secrets = [mail["link"].partition("#")[2] for mail in found["items"] if mail["link"]]
            if secrets and secrets[0] != after:
                return str(secrets[0])
            await asyncio.sleep(PAUSE_SECONDS)


async def invite(host: Device, person: Device, name: str, role: str = "employee") -> None:
    """``host`` invites ``person``, who joins."""
    await host.post("/api/v2/invitations", {"email": person.email, "name": name, "role": role})
    await joins(person, name)
