"""Messages of the auth service <-> what the chassis knows of revocations."""

from collections.abc import Iterable
from datetime import UTC
from typing import Final

from fynlo.auth.v1 import auth_pb2, events_pb2
from google.protobuf.message import DecodeError

from chassis.auth import Revocation, RevokedKind

REVOKED_SUBJECT: Final = "fynlo.auth.v1.SessionsRevoked.*"

_KINDS: Final = {
    auth_pb2.REVOCATION_KIND_USER: RevokedKind.USER,
    auth_pb2.REVOCATION_KIND_SESSION: RevokedKind.SESSION,
    auth_pb2.REVOCATION_KIND_DEVICE: RevokedKind.DEVICE,
    auth_pb2.REVOCATION_KIND_RESTAURANT: RevokedKind.RESTAURANT,
}


def revocations_of(listed: Iterable[auth_pb2.Revocation]) -> list[Revocation]:
    """Those whose kind this code knows."""
    return [
        Revocation(_KINDS[one.kind], one.id, one.valid_after.ToDatetime(UTC))
        for one in listed
        if one.kind in _KINDS
    ]


def parse_revoked(payload: bytes) -> Iterable[Revocation]:
    """Reads a SessionsRevoked event. Raises ValueError for something else."""
    try:
        return revocations_of([events_pb2.SessionsRevoked.FromString(payload).revocation])
    except DecodeError as error:
        raise ValueError("not a SessionsRevoked") from error
