"""Reading request bodies: bounded, shallow, strictly typed, without what must not be stored."""

import re
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema
from starlette.requests import Request

from chassis.errors import FieldError, InvalidArgument
from chassis.text import control_character, holds_card_number
from gateway.numbers import whole
from gateway.rest.names import LINES, UNREAD

JSON = "application/json"
BODY_BYTES_MAX = 1_048_576
STRANGER_BODY_BYTES_MAX = 32_768
"""Of somebody without a token: enough for every such body with all of it escaped. To find out what is wrong
with a megabyte takes this process a fifth of a second, which a stranger shall not cost."""
UPLOAD_BYTES_MAX = 2_097_152
JSON_DEPTH_MAX = 20
FIELD_ERRORS_MAX = 100
"""Fields of one body that are named as wrong: a body of a megabyte can have half a million of them."""

_SUSPICIOUS = re.compile(rb"\\[bfnrtu]|[2-6](?:[ .-]?[0-9]){12}")
"""Without any of it an ASCII body has neither a control character nor the number of a card."""

_DIGITS = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else byte for byte in range(256))
_MANY_DIGITS = b"0" * 13
"""With every digit a 0, and without what may stand between those of a card: few bodies go on from here to the
expression, which takes as long as all else that is done to read an order."""

_OPENERS = frozenset(b"[{")
_CLOSERS = frozenset(b"]}")
_QUOTE = ord('"')
_ESCAPE = ord("\\")


def _with_whole_numbers(schema: Any) -> Any:
    """The same with every integer taking each JSON number that is whole."""
    if isinstance(schema, list):
        return [_with_whole_numbers(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "int":
        return core_schema.no_info_before_validator_function(whole, schema)
    return {key: value if key == "metadata" else _with_whole_numbers(value) for key, value in schema.items()}


class Body(BaseModel):
    """Base of every request body: unknown fields are an error, and "1" is not 1, but 1.0 is."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How bodies of this kind are validated."""
        schema: CoreSchema = _with_whole_numbers(handler(source))
        return schema


Model = TypeVar("Model", bound=Body)


def header(request: Request, name: bytes) -> str | None:
    """A field by its lower-case name: the first of that name, as Starlette gives it, by one look-up."""
    fields = request.scope.get("fields")
    if fields is None:
        fields = request.scope["fields"] = dict(reversed(request.scope["headers"]))
    value = fields.get(name)
    return None if value is None else value.decode("latin-1")


async def read_bounded(request: Request, limit: int = BODY_BYTES_MAX) -> bytes:
    """The raw body. Raises InvalidArgument (BODY_TOO_LARGE) beyond ``limit`` bytes, without reading on."""
    announced = header(request, b"content-length") or ""
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


async def read_json(request: Request, model: type[Model], limit: int = BODY_BYTES_MAX) -> Model:
    """The JSON body of up to ``limit`` bytes as ``model``.

    Raises InvalidArgument: MALFORMED_JSON (not JSON, or deeper than 20), BODY_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE, or INVALID_BODY with one entry for each field that is wrong.
    """
    given = header(request, b"content-type")
    if given is not None and given.partition(";")[0].strip().lower() != JSON:
        raise InvalidArgument("send application/json", reason="UNSUPPORTED_MEDIA_TYPE")
    raw = await read_bounded(request, limit)
    if raw.count(b"{") + raw.count(b"[") > JSON_DEPTH_MAX and _depth(raw) > JSON_DEPTH_MAX:
        raise InvalidArgument(f"the JSON is nested deeper than {JSON_DEPTH_MAX}", reason="MALFORMED_JSON")
    try:
        body = model.model_validate_json(raw or b"{}")
    except ValidationError as error:
        raise _refusal(error) from None
    if is_suspicious(raw):
        _refuse_texts(body)
    return body


def is_suspicious(raw: bytes) -> bool:
    """Whether a body may hold a control character or the number of a card."""
    plain = b"\\" not in raw and _MANY_DIGITS not in raw.translate(_DIGITS, b" .-")
    return not raw.isascii() or not (plain or _SUSPICIOUS.search(raw) is None)


def _refuse_texts(body: Body) -> None:
    """Card numbers and control characters do not come in. Raises InvalidArgument (INVALID_BODY)."""
    fields = []
    for path, name, text in _texts(body.model_dump(), "", ""):
        if found := control_character(text, lines=name in LINES):
            fields.append(FieldError(path, "control_character", f"take out the control character {found}"))
        elif holds_card_number(text):
            fields.append(FieldError(path, "card_number", "card numbers are not kept: take it out"))
    if fields:
        names = ", ".join(field.field for field in fields[:5])
        raise InvalidArgument(f"these fields are not valid: {names}", reason="INVALID_BODY", fields=fields)


def _texts(value: Any, path: str, name: str) -> Iterator[tuple[str, str, str]]:
    """(path, field, text) of every text but secrets and numbers of goods, which may look like anything."""
    if isinstance(value, str):
        if name not in UNREAD:
            yield path, name, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _texts(one, f"{path}.{key}" if path else str(key), str(key))
    elif isinstance(value, list | tuple):
        for index, one in enumerate(value):
            yield from _texts(one, f"{path}.{index}", name)


def _refusal(error: ValidationError) -> InvalidArgument:
    if error.error_count() > FIELD_ERRORS_MAX:
        return InvalidArgument(
            f"this body has {error.error_count()} errors: too many to name them", reason="INVALID_BODY"
        )
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
