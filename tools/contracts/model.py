"""The contracts as a generator wants them: messages, fields and methods with their options and comments."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from keyword import iskeyword
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Wire

INSTANT = "google.protobuf.Timestamp"
JSON_OPTION = "fynlo.common.v1.json"
RULES_OPTION = "buf.validate.field"
_KINDS = {
    Wire.TYPE_STRING: "str",
    Wire.TYPE_BOOL: "bool",
    Wire.TYPE_DOUBLE: "float",
    Wire.TYPE_INT32: "int",
    Wire.TYPE_INT64: "int",
    Wire.TYPE_BYTES: "bytes",
    Wire.TYPE_ENUM: "enum",
    Wire.TYPE_MESSAGE: "message",
}
# Paths of source information (descriptor.proto): the messages of a file, the fields of a message, and so on.
_MESSAGE, _FIELD, _ENUM, _VALUE, _SERVICE, _METHOD = 4, 2, 5, 2, 6, 2


@dataclass(frozen=True, slots=True)
class Enum:
    """``values``: number by name, with the prefix that all of them share."""

    full_name: str
    module: str
    values: dict[str, int]
    comments: dict[str, str]

    @property
    def prefix(self) -> str:
        """KITCHEN_STATE_ for KitchenState."""
        return f"{snake(self.full_name.rpartition('.')[2]).upper()}_"

    @property
    def names(self) -> list[str]:
        """As JSON has them, UNSPECIFIED aside."""
        return [name.removeprefix(self.prefix).lower() for name, number in self.values.items() if number]

    @property
    def explained(self) -> list[str]:
        """``name: what it means``, as JSON has the names; of the values that have a comment."""
        given = [(value, self.comments[value]) for value, number in self.values.items() if number]
        return [f"{value.removeprefix(self.prefix).lower()}: {text}" for value, text in given if text]


@dataclass(slots=True)
class Field:
    """``kind``: str, int, bool, bytes, enum, message or instant; ``type_name`` of an enum or a message."""

    name: str
    kind: str
    type_name: str
    repeated: bool
    presence: bool
    oneof: str
    comment: str
    json: Any
    rules: Any

    @property
    def json_name(self) -> str:
        """What devices call it."""
        return str(self.json.name or self.name)

    @property
    def member_name(self) -> str:
        """What the code calls it: what devices do, but for the words that Python keeps for itself."""
        return f"{self.json_name}_" if iskeyword(self.json_name) else self.json_name


@dataclass(slots=True)
class Message:
    """``module``: the generated module's name, ``orders_pb2``."""

    full_name: str
    module: str
    comment: str
    fields: list[Field]

    @property
    def name(self) -> str:
        """Without its package."""
        return self.full_name.rpartition(".")[2]

    @property
    def package(self) -> str:
        """fynlo.orders.v1."""
        return self.full_name.rpartition(".")[0]

    @property
    def absent(self) -> frozenset[str]:
        """The members that an answer leaves out where they are empty."""
        return frozenset(one.json_name for one in self.fields if one.json.absent)

    def field_named(self, name: str) -> Field:
        """Raises KeyError."""
        for one in self.fields:
            if one.name == name:
                return one
        raise KeyError(f"{self.full_name} has no field {name}")


@dataclass(slots=True)
class Method:
    """``options``: of protobuf, with extensions; see ``Contracts.option``."""

    full_name: str
    module: str
    comment: str
    request: str
    response: str
    options: Any

    @property
    def name(self) -> str:
        """Without its service."""
        return self.full_name.rpartition(".")[2]

    @property
    def service(self) -> str:
        """fynlo.orders.v1.OrdersService."""
        return self.full_name.rpartition(".")[0]


@dataclass(slots=True)
class Contracts:
    """All of them, by full name."""

    pool: Any
    messages: dict[str, Message] = field(default_factory=dict)
    enums: dict[str, Enum] = field(default_factory=dict)
    methods: dict[str, Method] = field(default_factory=dict)

    def option(self, options: Any, name: str) -> Any:
        """The value of an option of ours."""
        return options.Extensions[self.pool.FindExtensionByName(name)]

    def reachable(self, roots: Iterator[str]) -> list[Message]:
        """The messages that JSON shows of ``roots``, in the order of their names."""
        found: dict[str, Message] = {}
        waiting = list(roots)
        while waiting:
            name = waiting.pop()
            if name in found or name.startswith("google.protobuf."):
                continue
            found[name] = self.messages[name]
            waiting += [
                one.type_name for one in found[name].fields if one.kind == "message" and not one.json.omit
            ]
        return [found[name] for name in sorted(found)]


def load(image: bytes) -> Contracts:
    """The contracts of a descriptor set with source information."""
    files = descriptor_pb2.FileDescriptorSet.FromString(image)
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    contracts = Contracts(pool)
    for file in files.file:
        if file.package.startswith("fynlo."):
            _File(contracts, file).read()
    return contracts


class _File:
    """One file on its way into ``contracts``."""

    def __init__(self, contracts: Contracts, file: Any) -> None:
        self._contracts = contracts
        self._file = file
        self._module = file.name.rpartition("/")[2].removesuffix(".proto") + "_pb2"

    def read(self) -> None:
        """Everything that the file declares at its top; the contracts nest nothing."""
        contracts, package = self._contracts, self._file.package
        for number, message in enumerate(self._file.message_type):
            at = (_MESSAGE, number)
            fields = [self._field(message, one, (*at, _FIELD, i)) for i, one in enumerate(message.field)]
            name = f"{package}.{message.name}"
            contracts.messages[name] = Message(name, self._module, self._comment(at), fields)
        for number, enum in enumerate(self._file.enum_type):
            name = f"{package}.{enum.name}"
            comments = {
                value.name: self._comment((_ENUM, number, _VALUE, i)) for i, value in enumerate(enum.value)
            }
            values = {value.name: value.number for value in enum.value}
            contracts.enums[name] = Enum(name, self._module, values, comments)
        for number, service in enumerate(self._file.service):
            for i, method in enumerate(service.method):
                self._method(f"{package}.{service.name}", method, (_SERVICE, number, _METHOD, i))

    def _field(self, message: Any, wire: Any, at: tuple[int, ...]) -> Field:
        type_name = wire.type_name.removeprefix(".")
        kind = "instant" if type_name == INSTANT else _KINDS[wire.type]
        options = self._options("google.protobuf.FieldOptions", wire.options)
        repeated = wire.label == Wire.LABEL_REPEATED
        in_oneof = wire.HasField("oneof_index") and not wire.proto3_optional
        return Field(
            name=wire.name,
            kind=kind,
            type_name=type_name,
            repeated=repeated,
            presence=not repeated and (wire.proto3_optional or kind in ("message", "instant")),
            oneof=message.oneof_decl[wire.oneof_index].name if in_oneof else "",
            comment=self._comment(at),
            json=self._contracts.option(options, JSON_OPTION),
            rules=self._contracts.option(options, RULES_OPTION),
        )

    def _method(self, service: str, method: Any, at: tuple[int, ...]) -> None:
        name = f"{service}.{method.name}"
        self._contracts.methods[name] = Method(
            full_name=name,
            module=self._module,
            comment=self._comment(at),
            request=method.input_type.removeprefix("."),
            response=method.output_type.removeprefix("."),
            options=self._options("google.protobuf.MethodOptions", method.options),
        )

    def _options(self, name: str, options: Any) -> Any:
        """The options once more, read with the extensions that the contracts declare."""
        known = message_factory.GetMessageClass(self._contracts.pool.FindMessageTypeByName(name))
        return known.FromString(options.SerializeToString())

    @cached_property
    def _comments(self) -> dict[tuple[int, ...], str]:
        locations = self._file.source_code_info.location
        return {tuple(one.path): _text(one.leading_comments) for one in locations if one.leading_comments}

    def _comment(self, at: tuple[int, ...]) -> str:
        return self._comments.get(at, "")


def _text(comment: str) -> str:
    """The comment's paragraphs, each on one line."""
    paragraphs = re.split(r"\n\s*\n", "\n".join(line.strip() for line in comment.strip().split("\n")))
    return "\n\n".join(" ".join(one.split()) for one in paragraphs)


def snake(name: str) -> str:
    """order_line for OrderLine, z_report for ZReport."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
