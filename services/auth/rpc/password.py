"""People's own passwords."""

# ruff: noqa: N802 (the names of the contract)

from typing import Any

from fynlo.auth.v1 import people_service_pb2 as people_api

from services.auth.rpc.callers import caller
from services.auth.rpc.context import PartOfPeople
from services.auth.usecases import password as passwords


class PasswordRpc(PartOfPeople):
    """Changing and resetting."""

    async def ChangePassword(
        self, request: people_api.ChangePasswordRequest, context: Any
    ) -> people_api.ChangePasswordResponse:
        change = passwords.Change(request.current, request.new, request.remote_address)
        await passwords.change_password(self._ctx, caller(), change)
        return people_api.ChangePasswordResponse()

    async def RequestPasswordReset(
        self, request: people_api.RequestPasswordResetRequest, context: Any
    ) -> people_api.RequestPasswordResetResponse:
        await passwords.request_reset(self._ctx, request.email, request.remote_address)
        return people_api.RequestPasswordResetResponse()

    async def ResetPassword(
        self, request: people_api.ResetPasswordRequest, context: Any
    ) -> people_api.ResetPasswordResponse:
        await passwords.reset_password(self._ctx, request.token, request.password, request.remote_address)
        return people_api.ResetPasswordResponse()
