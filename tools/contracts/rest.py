"""How REST reaches the methods: their addresses, and what of a request's fields comes from where."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tools.contracts.model import Contracts, Enum, Field, Message, Method

HTTP = "google.api.http"
VERBS = ("get", "put", "post", "delete", "patch")
REQUEST_ID = "request_id"
KEYS = {0: "none", 1: "optional", 2: "required"}
VARIABLE = re.compile(r"{([\w.]+)}")


@dataclass(slots=True)
class Variable:
    """A part of the path: where the request has it (``station.id``), and what the reference calls it."""

    at: str
    name: str
    field: Field


@dataclass(slots=True)
class Operation:
    """One method of one path. ``fixed``: enum values that the path spells out, by field."""

    contracts: Contracts
    method: Method
    verb: str
    path: str
    rest: Any
    summary: str
    body: str
    response_body: str
    variables: list[Variable]
    fixed: dict[str, str]

    @property
    def request(self) -> Message:
        """What the method takes."""
        return self.contracts.messages[self.method.request]

    @property
    def response(self) -> Message:
        """What the method answers."""
        return self.contracts.messages[self.method.response]

    @property
    def body_message(self) -> Message | None:
        """The message whose members are the JSON body's; None without such a body."""
        if not self.body:
            return None
        return self.request if self.body == "*" else self.of_field(self.body)

    @property
    def answers(self) -> list[Message]:
        """The messages that are answered: alternatives, where there are several."""
        if self.rest.answers:
            return [self.contracts.messages[name] for name in self.rest.answers]
        return [self.of_field(self.response_body, self.response) if self.response_body else self.response]

    @property
    def key(self) -> str:
        """none, optional or required."""
        return KEYS[self.rest.key]

    @property
    def status(self) -> int:
        """Of an answer that is no refusal."""
        return self.rest.status or 200

    @property
    def public(self) -> bool:
        """Whether no token is needed."""
        return bool(self.option("fynlo.common.v1.public"))

    @property
    def permission(self) -> str:
        """What the caller's token must hold; "" where none is needed."""
        return str(self.option("fynlo.common.v1.permission"))

    @property
    def approver(self) -> str:
        """The permission that lifts the method's limits; "" where it has none."""
        return str(self.option("fynlo.common.v1.approver"))

    @property
    def effect(self) -> bool:
        """Whether it changes anything."""
        return bool(self.method.options.idempotency_level != self.method.options.NO_SIDE_EFFECTS)

    def option(self, name: str) -> Any:
        """An option of the method."""
        return self.contracts.option(self.method.options, name)

    def of_field(self, name: str, message: Message | None = None) -> Message:
        """The message in a field of the request, or of another message."""
        return self.contracts.messages[(message or self.request).field_named(name).type_name]

    def body_fields(self) -> list[Field]:
        """The members of the body, at its top."""
        message = self.body_message
        if message is None:
            return []
        taken = {one.at for one in self.variables} | self.fixed.keys() | {REQUEST_ID}
        return [one for one in written_fields(message) if self.body != "*" or one.name not in taken]

    def query_fields(self) -> list[Field]:
        """The parameters of the query of a read, or of a file: whatever else the request has."""
        if self.verb != "get" and not self.rest.media_types:
            return []
        taken = {one.at for one in self.variables} | self.fixed.keys() | {REQUEST_ID}
        found: list[Field] = []
        for one in written_fields(self.request):
            if one.json.inline:
                found += written_fields(self.contracts.messages[one.type_name])
            elif one.name not in taken and one.kind != "bytes" and not self._names_the_file(one):
                found.append(one)
        return found

    def _names_the_file(self, one: Field) -> bool:
        """What a file's media type says already."""
        return bool(self.rest.media_types) and one.kind == "enum"


def written_fields(message: Message) -> list[Field]:
    """What clients may write of a message."""
    return [
        one
        for one in message.fields
        if not (one.json.omit or one.json.answer_only or one.json.without_member or one.json.client_address)
    ]


def operations(contracts: Contracts) -> Iterator[Operation]:
    """All of them, in the order of the contracts; an enum in a path is one path for each value."""
    for method in contracts.methods.values():
        rule = contracts.option(method.options, HTTP)
        rests = list(contracts.option(method.options, "fynlo.common.v1.rest"))
        rules = [rule, *rule.additional_bindings] if rests else []
        if len(rules) != len(rests):
            raise ValueError(f"{method.full_name} has {len(rules)} addresses and {len(rests)} descriptions")
        for one, rest in zip(rules, rests, strict=True):
            yield from _spelled_out(contracts, method, one, rest)


def _spelled_out(contracts: Contracts, method: Method, rule: Any, rest: Any) -> Iterator[Operation]:
    verb = next(name for name in VERBS if getattr(rule, name))
    path, request = getattr(rule, verb), contracts.messages[method.request]
    variables = [_variable(contracts, request, at) for at in VARIABLE.findall(path)]
    enums = [one for one in variables if one.field.kind == "enum"]
    plain = [one for one in variables if one.field.kind != "enum"]
    for one in plain:
        path = path.replace(f"{{{one.at}}}", f"{{{one.name}}}")
    if not enums:
        yield Operation(
            contracts, method, verb, path, rest, rest.summary, rule.body, rule.response_body, plain, {}
        )
        return
    (chosen,) = enums
    enum: Enum = contracts.enums[chosen.field.type_name]
    for value, name in zip([name for name, number in enum.values.items() if number], enum.names, strict=True):
        yield Operation(
            contracts=contracts,
            method=method,
            verb=verb,
            path=path.replace(f"{{{chosen.at}}}", name),
            rest=rest,
            summary=enum.comments[value],
            body=rule.body,
            response_body=rule.response_body,
            variables=plain,
            fixed={chosen.at: value},
        )


def _variable(contracts: Contracts, request: Message, at: str) -> Variable:
    *holders, last = at.split(".")
    message = request
    for holder in holders:
        message = contracts.messages[message.field_named(holder).type_name]
    found = message.field_named(last)
    return Variable(at, found.json.name if found.json.name and not holders else at.replace(".", "_"), found)


@dataclass(frozen=True)
class Limits:
    """What protovalidate and the JSON options say of a member that clients write."""

    field: Field

    @cached_property
    def rules(self) -> Any:
        """Those of one element, where the field is repeated."""
        return self.field.rules.repeated.items if self.field.repeated else self.field.rules

    @property
    def is_id(self) -> bool:
        """Whether it is a UUID."""
        return bool(self.rules.string.uuid)

    @property
    def is_email(self) -> bool:
        """Whether it is an address that mail can go to."""
        return bool(self.rules.string.email)

    @property
    def required(self) -> bool:
        """Whether a body must have it: it says so, or what is empty is no value."""
        json, rules = self.field.json, self.field.rules
        if json.required:
            return True
        if json.nullable or json.body_nullable or json.default or self.field.presence:
            return bool(rules.required)
        if rules.ignore:
            return False
        if self.field.repeated:
            return bool(rules.repeated.min_items)
        number = getattr(rules, self.number_kind) if self.number_kind else None
        return bool(
            rules.required
            or rules.string.min_len
            or rules.string.uuid
            or rules.string.email
            or rules.string.pattern
            or 0 in rules.enum.not_in
            or (number is not None and ((number.gt >= 0 and number.HasField("gt")) or number.gte > 0))
        )

    @property
    def nullable(self) -> bool:
        """Whether a body may say null."""
        json = self.field.json
        return not self.required and bool(json.nullable or json.body_nullable)

    @property
    def number_kind(self) -> str:
        """int32 or int64, where it is a number with rules."""
        return next((kind for kind in ("int32", "int64") if self.rules.HasField(kind)), "")

    @property
    def numbers(self) -> list[int]:
        """The numbers that it may be, where not all between two bounds."""
        return list(getattr(getattr(self.rules, self.number_kind), "in")) if self.number_kind else []

    @property
    def number(self) -> dict[str, int]:
        """``ge``, ``gt``, ``le`` and ``lt``, as pydantic calls them."""
        if not self.number_kind:
            return {}
        if self.numbers:
            return {"ge": min(self.numbers), "le": max(self.numbers)}
        rules = getattr(self.rules, self.number_kind)
        return {
            short: getattr(rules, name)
            for name, short in (("gte", "ge"), ("gt", "gt"), ("lte", "le"), ("lt", "lt"))
            if rules.HasField(name)
        }

    @property
    def text(self) -> dict[str, Any]:
        """``min_length``, ``max_length`` and ``pattern``."""
        rules = self.rules.string
        found: dict[str, Any] = {}
        if rules.min_len:
            found["min_length"] = rules.min_len
        if rules.max_len:
            found["max_length"] = rules.max_len
        pattern = self.field.json.pattern or rules.pattern
        if pattern:
            found["pattern"] = pattern
        return found

    @property
    def items(self) -> dict[str, int]:
        """``min_length`` and ``max_length`` of a list."""
        rules, found = self.field.rules.repeated, {}
        if rules.min_items:
            found["min_length"] = rules.min_items
        if rules.max_items:
            found["max_length"] = rules.max_items
        return found

    def names(self, enum: Enum) -> list[str]:
        """The values of an enum that may be written: all but those of not_in, the one rule of enums."""
        refused = set(self.rules.enum.not_in)
        return [
            name
            for name, number in zip(enum.names, (n for n in enum.values.values() if n), strict=True)
            if number not in refused
        ]

    @property
    def choices(self) -> list[str]:
        """The texts that may be written, where they are listed."""
        return list(getattr(self.rules.string, "in"))
