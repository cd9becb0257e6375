"""Reading request bodies: bounded, shallow, strictly typed."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from chassis.errors import FieldError, InvalidArgument

BODY_BYTES_MAX = 1_048_576
UPLOAD_BYTES_MAX = 2_097_152
JSON_DEPTH_MAX = 20

_OPENERS = frozenset(b"[{")
_CLOSERS = frozenset(b"]}")
_QUOTE = ord('"')
_ESCAPE = ord("\\")


class Body(BaseModel):
    """Base of every request body: unknown fields are an error, and "1" is not 1."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Model = TypeVar("Model", bound=Body)


async def read_bounded(request: Request, limit: int = BODY_BYTES_MAX) -> bytes:
    """The raw body. Raises InvalidArgument (BODY_TOO_LARGE) beyond ``limit`` bytes, without reading on."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


async def read_json(request: Request, model: type[Model]) -> Model:
    """The JSON body as ``model``.

    Raises InvalidArgument: MALFORMED_JSON (not JSON, or deeper than 20), BODY_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE, or INVALID_BODY with one entry for each field that is wrong.
    """
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise InvalidArgument("send application/json", reason="UNSUPPORTED_MEDIA_TYPE")
    raw = await read_bounded(request)
    if raw.count(b"{") + raw.count(b"[") > JSON_DEPTH_MAX and _depth(raw) > JSON_DEPTH_MAX:
        raise InvalidArgument(f"the JSON is nested deeper than {JSON_DEPTH_MAX}", reason="MALFORMED_JSON")
    try:
        return model.model_validate_json(raw or b"{}")
    except ValidationError as error:
        raise _refusal(error) from None


def _refusal(error: ValidationError) -> InvalidArgument:
    details = error.errors(include_url=False, include_context=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        return InvalidArgument(details[0]["msg"], reason="MALFORMED_JSON")
    fields = [
        FieldError(".".join(str(part) for part in detail["loc"]), detail["type"], detail["msg"])
        for detail in details
    ]
    names = ", ".join(field.field for field in fields[:5])
    return InvalidArgument(f"these fields are not valid: {names}", reason="INVALID_BODY", fields=fields)


def _too_large(limit: int) -> InvalidArgument:
    return InvalidArgument(f"a body may have {limit} bytes at most", reason="BODY_TOO_LARGE")


def _depth(raw: bytes) -> int:
    """How deep the brackets nest, strings aside. Only called for bodies with many brackets."""
    depth = deepest = 0
    in_string = escaped = False
    for byte in raw:
        if in_string:
            if escaped:
                escaped = False
            elif byte == _ESCAPE:
                escaped = True
            elif byte == _QUOTE:
                in_string = False
        elif byte == _QUOTE:
            in_string = True
        elif byte in _OPENERS:
            depth += 1
            deepest = max(deepest, depth)
            if deepest > JSON_DEPTH_MAX:
                return deepest
        elif byte in _CLOSERS:
            depth -= 1
    return deepest
