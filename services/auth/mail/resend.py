"""Mail through Resend's HTTP interface: POST /emails."""

import httpx

from services.auth.domain.mail import Letter
from services.auth.mail import SEND_SECONDS, MailRefused, MailUnavailable

REFUSING = frozenset({400, 413, 422})
"""About this letter. 401, 403 and 404 are about our account: the letter waits until that is mended."""


class ResendMail:
    """Sends from ``sender`` with an API key."""

    def __init__(self, url: str, api_key: str, sender: str) -> None:
        self._sender = sender
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=SEND_SECONDS,
            trust_env=False,
        )

    async def send(self, letter: Letter) -> None:
        """The letter's id is the idempotency key: Resend sends a repetition once. Raises MailRefused,
        MailUnavailable.
        """
        body = {
            "from": self._sender,
            "to": [letter.recipient],
            "subject": letter.subject,
            "text": letter.text,
        }
        try:
            answer = await self._http.post("/emails", json=body, headers={"Idempotency-Key": str(letter.id)})
        except httpx.HTTPError as trouble:
            raise MailUnavailable(f"Resend is out of reach: {type(trouble).__name__}") from None
        if answer.status_code in REFUSING:
            raise MailRefused(f"Resend refused it with {answer.status_code}")
        if not answer.is_success:
            raise MailUnavailable(f"Resend put it off with {answer.status_code}")

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()
