"""Who calls, on whose behalf, for how long: read from the metadata of a call and proven."""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chassis.auth import Principal, PrincipalKind, Revocations, ServiceIdentity, TokenVerifier
from chassis.auth.service_identity import HEADER, MAX_AGE_SECONDS, TENANT_HEADER
from chassis.clock import Clock
from chassis.errors import PermissionDenied, Unauthenticated, Unavailable
from chassis.ids import parse_id
from chassis.rpc.call import Call
from chassis.rpc.policy import Access, MethodPolicy
from chassis.rpc.status import DEADLINE_EXCEEDED

AUTHORIZATION = "authorization"
REQUEST_ID = "x-request-id"
TRACEPARENT = "traceparent"
BEARER = "Bearer "

MIN_SECONDS = 0.010
"""With less than this left nobody waits for the answer any more."""


class Admission:
    """Proves who makes a call. What they may do is for the policy of the method."""

    def __init__(
        self,
        verifier: TokenVerifier,
        revocations: Revocations,
        identity: ServiceIdentity,
        clock: Clock,
    ) -> None:
        self._verifier = verifier
        self._revocations = revocations
        self._identity = identity
        self._clock = clock

    async def identify(
        self, call: Call, metadata: Mapping[str, str | bytes], policy: MethodPolicy, path: str
    ) -> None:
        """Fills in the principal. Raises Unauthenticated, Unavailable (DEADLINE_EXCEEDED, KEYS_UNAVAILABLE).

        A person's token is checked here again, whoever forwarded it, and so is whether it was revoked. A
        service counts as itself only where it brings no token or the method is for services only. ``path`` is
        /package.Service/Method.
        """
        if call.deadline - time.monotonic() < MIN_SECONDS:
            raise Unavailable("no time left to answer", reason=DEADLINE_EXCEEDED)
        if policy.access is Access.PUBLIC:
            return
        if call.token:
            call.principal = self._verifier.remembered(call.token) or await self._verifier.verify(call.token)
            self._revocations.check(call.principal)
        header = metadata.get(HEADER)
        if isinstance(header, str) and (policy.access is Access.SERVICE_ONLY or not call.token):
            tenant = metadata.get(TENANT_HEADER, "")
            if not isinstance(tenant, str):
                raise Unauthenticated("the named restaurant is no id", reason="SERVICE_IDENTITY_INVALID")
            call.service = self._identity.recognise(header, path, tenant)
            if call.principal is None:
                call.principal = self._service_principal(call.service, tenant)

    def confine(self, call: Call, request: Any) -> None:
        """Raises PermissionDenied (OTHER_RESTAURANT) where a service names another restaurant in its request
        than the one that it signed for."""
        principal = call.principal
        if principal is None or principal.kind is not PrincipalKind.SERVICE:
            return
        named = getattr(request, "restaurant_id", "")
        if named and named != str(principal.restaurant_id):
            raise PermissionDenied("the call was signed for another restaurant", reason="OTHER_RESTAURANT")

    def renewed(self, call: Call) -> None:
        """Raises Unauthenticated (TOKEN_EXPIRED, TOKEN_REVOKED) where a long-lived call has outlived its
        token.
        """
        principal = call.principal
        if principal is None or principal.kind is not PrincipalKind.USER:
            return
        if principal.expires_at <= self._clock.now():
            raise Unauthenticated("the access token has expired", reason="TOKEN_EXPIRED")
        self._revocations.check(principal)

    def _service_principal(self, name: str, tenant: str) -> Principal:
        now = self._clock.now()
        return Principal(
            kind=PrincipalKind.SERVICE,
            subject=None,
            name=name,
            restaurant_id=parse_id(tenant) if tenant else None,
            platform_id=None,
            role="",
            permissions=frozenset(),
            client="",
            device_id=None,
            session_id=None,
            issued_at=now,
            expires_at=now + timedelta(seconds=MAX_AGE_SECONDS),
        )


def bearer_of(metadata: Mapping[str, str | bytes]) -> str:
    """The access token in the metadata; empty without one. Raises Unauthenticated (TOKEN_INVALID)."""
    value = metadata.get(AUTHORIZATION)
    if value is None:
        return ""
    if not isinstance(value, str) or not value.startswith(BEARER):
        raise Unauthenticated("the authorization is not a bearer token", reason="TOKEN_INVALID")
    return value[len(BEARER) :]
