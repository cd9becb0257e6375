"""Mail that stays on this machine."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any

from fynlo.auth.v1 import people_service_pb2 as people_api

from services.auth.rpc.context import PartOfPeople
from services.auth.usecases import mail
from services.auth.wire.mail import outbox_response


class MailRpc(PartOfPeople):
    """The outbox of a machine without mail."""

    async def ListOutbox(
        self, request: people_api.ListOutboxRequest, context: Any
    ) -> people_api.ListOutboxResponse:
        return outbox_response(await mail.local_mails(self._ctx, request.recipient))
