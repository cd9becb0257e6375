"""How a problem travels: gRPC status with google.rpc details one way, the same kind of problem back.

The kind rides in the ErrorInfo metadata because two kinds share a status code (InvalidArgument,
Unprocessable).
"""

from collections.abc import Sequence

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from chassis.errors import (
    AlreadyExists,
    Conflict,
    FieldError,
    InvalidArgument,
    Kind,
    NotFound,
    PermissionDenied,
    Problem,
    ResourceExhausted,
    Stale,
    Unauthenticated,
    Unavailable,
    Unprocessable,
)

DOMAIN = "fynlo"
DETAILS_KEY = "grpc-status-details-bin"
KIND_KEY = "fynlo_kind"
FIELDS_MAX = 20
"""Field errors told at once; the details travel in a header of limited size."""
DETAIL_MAX_CHARS = 300
METADATA_MAX_BYTES = 3_000
DETAILS_MAX_BYTES = 6_000
"""All headers of a reply together stay below the 16 KB that a peer accepts."""

DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
INTERNAL = "INTERNAL"

_CODES: dict[Kind, grpc.StatusCode] = {
    Kind.INVALID_ARGUMENT: grpc.StatusCode.INVALID_ARGUMENT,
    Kind.UNPROCESSABLE: grpc.StatusCode.INVALID_ARGUMENT,
    Kind.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    Kind.PERMISSION_DENIED: grpc.StatusCode.PERMISSION_DENIED,
    Kind.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Kind.ALREADY_EXISTS: grpc.StatusCode.ALREADY_EXISTS,
    Kind.CONFLICT: grpc.StatusCode.FAILED_PRECONDITION,
    Kind.STALE: grpc.StatusCode.ABORTED,
    Kind.RESOURCE_EXHAUSTED: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Kind.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    Kind.INTERNAL: grpc.StatusCode.INTERNAL,
}

_KINDS: dict[str, type[Problem]] = {
    kind.kind.value: kind
    for kind in (
        Problem,
        InvalidArgument,
        Unprocessable,
        Unauthenticated,
        PermissionDenied,
        NotFound,
        AlreadyExists,
        Conflict,
        Stale,
        ResourceExhausted,
        Unavailable,
    )
}

# A status that no service of ours wrote (the library, a proxy): the code alone says what it is.
_KIND_OF_CODE: dict[grpc.StatusCode, Kind] = {
    **{code: kind for kind, code in _CODES.items() if kind is not Kind.UNPROCESSABLE},
    grpc.StatusCode.OUT_OF_RANGE: Kind.INVALID_ARGUMENT,
    grpc.StatusCode.DEADLINE_EXCEEDED: Kind.UNAVAILABLE,
    grpc.StatusCode.CANCELLED: Kind.UNAVAILABLE,
}


def code_of(problem: Problem) -> grpc.StatusCode:
    """The gRPC status code a problem travels under."""
    if problem.reason == DEADLINE_EXCEEDED and problem.kind is Kind.UNAVAILABLE:
        return grpc.StatusCode.DEADLINE_EXCEEDED
    return _CODES[problem.kind]


def details_of(problem: Problem) -> bytes:
    """The serialised google.rpc.Status: ErrorInfo, and BadRequest where fields were refused."""
    info = error_details_pb2.ErrorInfo(reason=problem.reason, domain=DOMAIN)
    info.metadata[KIND_KEY] = problem.kind.value
    for key, value in problem.metadata.items():
        info.metadata[key] = value[:DETAIL_MAX_CHARS]
        if info.ByteSize() > METADATA_MAX_BYTES:
            del info.metadata[key]
    status = status_pb2.Status(code=code_of(problem).value[0], message=problem.detail[:DETAIL_MAX_CHARS])
    status.details.add().Pack(info)
    if problem.fields:
        status.details.add().Pack(_bad_request(problem.fields, DETAILS_MAX_BYTES - status.ByteSize()))
    return bytes(status.SerializeToString())


def problem_of(error: grpc.aio.AioRpcError, service: str = "") -> Problem:
    """The problem that the peer raised. Without details from it: what the status code says.

    Raises nothing; DEADLINE_EXCEEDED and a peer that is not there come back as Unavailable with a reason of
    that name, the peer (``service``) in the metadata.
    """
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            told = _told(value)
            if told is not None:
                return told
    code = error.code()
    kind = _KIND_OF_CODE.get(code, Kind.INTERNAL)
    about = {"service": service} if service else {}
    if kind is Kind.UNAVAILABLE:
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return Unavailable("no answer in time", reason=DEADLINE_EXCEEDED, metadata=about)
        return Unavailable("the service does not answer", reason=SERVICE_UNAVAILABLE, metadata=about)
    reason = INTERNAL if kind is Kind.INTERNAL else code.name
    return _made(kind.value, "", reason, about, ())


def _told(raw: bytes) -> Problem | None:
    """The problem in the details; None where they are not ours or not readable."""
    info, bad_request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    try:
        status = status_pb2.Status.FromString(raw)
        for packed in status.details:
            _unpack(packed, info)
            _unpack(packed, bad_request)
    except DecodeError:
        return None
    metadata = dict(info.metadata)
    kind = metadata.pop(KIND_KEY, "")
    if info.domain != DOMAIN or kind not in _KINDS:
        return None
    fields = [FieldError(v.field, v.reason, v.description) for v in bad_request.field_violations]
    return _made(kind, status.message, info.reason, metadata, fields)


def _unpack(packed: AnyMessage, into: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest) -> None:
    if packed.Is(into.DESCRIPTOR):
        packed.Unpack(into)


def _made(
    kind: str, detail: str, reason: str, metadata: dict[str, str], fields: Sequence[FieldError]
) -> Problem:
    made = _KINDS[kind](detail, reason=reason, metadata=metadata)
    made.fields = tuple(fields)
    return made


def _bad_request(fields: Sequence[FieldError], max_bytes: int) -> error_details_pb2.BadRequest:
    told = error_details_pb2.BadRequest()
    for error in fields[:FIELDS_MAX]:
        told.field_violations.add(
            field=error.field, reason=error.code, description=error.detail[:DETAIL_MAX_CHARS]
        )
        if told.ByteSize() > max_bytes:
            del told.field_violations[-1]
            break
    return told
