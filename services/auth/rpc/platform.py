"""Platforms."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any

from fynlo.auth.v1 import auth_service_pb2 as auth_api

from chassis.db.commands import Answer
from services.auth.domain.platform import Platform
from services.auth.rpc.callers import request_key
from services.auth.rpc.context import PartOfAuth
from services.auth.usecases import platform as platforms
from services.auth.usecases.account import Person
from services.auth.wire.account import user_message
from services.auth.wire.platform import platform_message


def _created(platform: Platform) -> auth_api.CreatePlatformResponse:
    return auth_api.CreatePlatformResponse(
        platform=platform_message(platform), owner=user_message(platform.owner)
    )


CREATED = Answer(auth_api.CreatePlatformResponse, _created)


class PlatformRpc(PartOfAuth):
    """Making."""

    async def CreatePlatform(
        self, request: auth_api.CreatePlatformRequest, context: Any
    ) -> auth_api.CreatePlatformResponse:
        owner = Person(request.owner_email, request.owner_name, request.owner_password, "owner_")
        command = platforms.CreatePlatform(request.name, owner)
        return await platforms.create_platform(
            self._ctx, command, request_key("CreatePlatform", request), CREATED
        )
