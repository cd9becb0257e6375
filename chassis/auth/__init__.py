"""Who is calling, and whether that still holds."""

from chassis.auth.principal import Principal, PrincipalKind
from chassis.auth.revocations import Revocation, Revocations, RevokedKind, keep_warm
from chassis.auth.service_identity import ServiceIdentity
from chassis.auth.tokens import FetchKeys, TokenVerifier

__all__ = [
    "FetchKeys",
    "Principal",
    "PrincipalKind",
    "Revocation",
    "Revocations",
    "RevokedKind",
    "ServiceIdentity",
    "TokenVerifier",
    "keep_warm",
]
