"""The rules that a contract states about its fields (protovalidate), checked before any code of ours runs."""

from typing import Any

from google.protobuf.message import Message
from protovalidate import Validator, Violation

from chassis.errors import FieldError, InvalidArgument
from chassis.rpc.status import FIELDS_MAX

_validator = Validator()


def check(message: Message) -> None:
    """Raises InvalidArgument (VALIDATION_FAILED) that names every field the contract refuses."""
    violations = _validator.collect_violations(message)
    if violations:
        fields = [_field_error(violation) for violation in violations[:FIELDS_MAX]]
        raise InvalidArgument(
            f"{fields[0].field or 'the request'}: {fields[0].detail}",
            reason="VALIDATION_FAILED",
            fields=fields,
        )


def prepare(message_type: type[Message]) -> None:
    """Compiles the rules of a message ahead of the first request. Raises protovalidate's CompilationError."""
    _validator.collect_violations(message_type())


def _field_error(violation: Violation) -> FieldError:
    told = violation.proto
    elements = told.field.elements if told.field else ()
    path = ".".join(f"{element.field_name}{_subscript(element.subscript)}" for element in elements)
    return FieldError(path, told.rule_id, told.message or told.rule_id)


def _subscript(subscript: Any) -> str:
    return "" if subscript is None else f"[{subscript.value}]"
