"""Mails that stayed on this machine."""

from collections.abc import Sequence
from datetime import datetime

from fynlo.auth.v1 import people_service_pb2 as people_api

from chassis.instants import timestamp
from services.auth.domain.mail import Letter


def outbox_response(mails: Sequence[tuple[Letter, datetime]]) -> people_api.ListOutboxResponse:
    """Mails of this machine with their secret links."""
    return people_api.ListOutboxResponse(
        mails=[
            people_api.OutboxMail(
                id=str(letter.id),
                recipient=letter.recipient,
                subject=letter.subject,
                text=letter.text,
                link=letter.link,
                sent_at=timestamp(sent_at),
            )
            for letter, sent_at in mails
        ]
    )
