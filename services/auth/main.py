"""The composition root of auth, the same for production and tests."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any

from fynlo.auth.v1 import auth_pb2
from fynlo.auth.v1.auth_service_pb2_grpc import add_AuthServiceServicer_to_server
from fynlo.auth.v1.people_service_pb2_grpc import add_PeopleServiceServicer_to_server

from chassis.auth.trust import Authority
from chassis.clock import Clock
from chassis.db import Database
from chassis.errors import Unavailable
from chassis.process.composition import open_service
from chassis.process.runtime import Service
from chassis.telemetry import get_logger
from services.auth.domain.guess import address_lock
from services.auth.mail.chosen import chosen_mail
from services.auth.passwords import Passwords, breached_passwords
from services.auth.rpc.services import AuthRpc, PeopleRpc
from services.auth.settings import AuthSettings
from services.auth.tokens import SigningKeys
from services.auth.usecases import housekeeping
from services.auth.usecases import session as sessions
from services.auth.usecases.context import Context, MailPolicy
from services.auth.usecases.mail import keep_sending
from services.auth.wire.session import revocation_message

OWN_REVOCATIONS_EVERY_SECONDS = 1.0
"""Its own table is near: what another replica revoked counts here within this, also without NATS."""

_log = get_logger("auth")


async def build(settings: AuthSettings, clock: Clock | None = None) -> Service:
    """The service, connected and ready to start. Raises Unavailable and tokens.BadSigningKeys."""
    keys = SigningKeys(settings.auth_signing_keys.get_secret_value())
    auth = await open_service(settings, clock, authority=lambda db: _itself(db, keys))
    service = auth.service
    passwords = Passwords()
    service.on_stop("password threads", passwords.close)
    breached_passwords()
    policy = MailPolicy(
        public_url=settings.public_url,
        local=settings.mail_adapter == "local",
        invitations_per_hour=settings.invitations_per_hour,
    )
    ctx = Context(auth.db, keys, passwords, address_lock(settings.auth_address_free_failures), policy)
    port = chosen_mail(settings, auth.db)
    service.on_stop("mail", port.close)
    auth.serve(add_AuthServiceServicer_to_server, AuthRpc(ctx))
    auth.serve(add_PeopleServiceServicer_to_server, PeopleRpc(ctx))
    service.add_background("mail", lambda: keep_sending(ctx, port))
    service.add_background("housekeeping", lambda: _keep_house(ctx))
    return service


def _itself(db: Database, keys: SigningKeys) -> Authority:
    async def own_keys() -> Mapping[str, Any]:
        public: dict[str, Any] = json.loads(keys.public_jwks_json)
        return public

    async def own_revocations() -> Iterable[auth_pb2.Revocation]:
        return map(revocation_message, await sessions.list_revocations(db))

    return Authority(own_keys, own_revocations, every_seconds=OWN_REVOCATIONS_EVERY_SECONDS)


async def _keep_house(ctx: Context) -> None:
    while True:
        try:
            await housekeeping.sweep(ctx)
        except Unavailable as problem:
            _log.warning("housekeeping put off", reason=problem.reason)
        await asyncio.sleep(housekeeping.SWEEP_EVERY_SECONDS)
