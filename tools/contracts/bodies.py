"""JSON -> message: bodies as models that refuse what the contract refuses, and what reads them."""

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from tools.contracts.encoders import HEADER, constant_of, module_of
from tools.contracts.encoders import PACKAGE as JSON_PACKAGE
from tools.contracts.model import Contracts, Field, Message, snake
from tools.contracts.rest import Limits, written_fields

LINES, SECRET, DATE, GOODS_NUMBER = 1, 2, 3, 4
"""JSON_TEXT_*."""
PACKAGE = "gateway.rest"
INT64_MAX = 2**63 - 1
INT32_MAX = 2**31 - 1


class Source(str):
    """Source, not a text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def arguments_of(constraints: dict[str, Any]) -> str:
    """Keyword arguments."""
    return ", ".join(f"{name}={value!r}" for name, value in constraints.items())


def default_of(one: Field) -> str:
    """What a body means that leaves the member out."""
    given = one.json.default
    if one.kind == "bool":
        return "True" if given == "true" else "False"
    if one.kind == "int":
        return given or "0"
    return repr(given) if one.kind in ("str", "enum") else "None"


def bounds_of(one: Field, limits: Limits) -> dict[str, int]:
    """With the kind's own where the contract has none."""
    given = dict(limits.number)
    if not given:
        return {}
    if not given.keys() & {"le", "lt"}:
        given["le"] = INT32_MAX if limits.number_kind == "int32" else INT64_MAX
    return given


def collect(
    contracts: Contracts, message: Message, fields: list[Field], found: dict[str, dict[str, Message]]
) -> None:
    """Notes a body's message and those that are in it."""
    found.setdefault(message.package, {}).setdefault(
        message.name, Message(message.full_name, message.module, message.comment, fields)
    )
    for one in fields:
        if one.kind == "message":
            inner = contracts.messages[one.type_name]
            collect(contracts, inner, written_fields(inner), found)


def names_of(bodies: dict[str, dict[str, Message]]) -> str:
    """Members of bodies by what their texts may hold, which is the same wherever a name is."""
    kinds: dict[str, set[int]] = {}
    for messages in bodies.values():
        for one in (
            field for message in messages.values() for field in message.fields if field.kind == "str"
        ):
            kinds.setdefault(one.json_name, set()).add(one.json.text)
    if unclear := sorted(name for name, found in kinds.items() if len(found) > 1):
        raise ValueError(f"texts of one name hold one kind of text: {', '.join(unclear)}")

    def of_kind(*wanted: int) -> str:
        return repr(sorted(name for name, found in kinds.items() if found <= set(wanted)))

    return (
        f'{HEADER}\nMembers of bodies by what their texts may hold.\n"""\nfrom typing import Final\n'
        f"LINES: Final = frozenset({of_kind(LINES)})\n"
        f"UNREAD: Final = frozenset({of_kind(SECRET, GOODS_NUMBER)})\n"
    )


@dataclass(slots=True)
class Bodies:
    """The bodies of one package, on their way into a module."""

    contracts: Contracts
    package: str
    bodies: list[Message]
    requests: frozenset[str]
    """Messages that are made where they are sent: their bodies need no function of their own."""
    imports: set[str] = attribute(default_factory=set)

    def inner_first(self) -> list[Message]:
        """Messages after those that they hold."""
        by_name, ordered = {one.full_name: one for one in self.bodies}, []

        def visit(message: Message) -> None:
            for one in message.fields:
                if one.type_name in by_name:
                    visit(by_name[one.type_name])
            if message not in ordered:
                ordered.append(message)

        for message in self.bodies:
            visit(message)
        return ordered

    def model(self, message: Message) -> str:
        """The class of a body."""
        self.imports.add("from gateway.bodies import Body")
        members = "".join(self._member(one) for one in message.fields)
        about = message.comment or f"What {message.name} takes."
        return f'class {message.name}(Body):\n    """{about}"""\n{members}\n'

    def _member(self, one: Field) -> str:
        kind, default = self._declared(one)
        if one.member_name != one.json_name:
            kind = self._annotated(kind, {"alias": one.json_name})
        return f"    {one.member_name}: {kind}{default}\n"

    def _declared(self, one: Field) -> tuple[str, str]:
        """The type of a member, and what stands behind it where a body may leave it out."""
        limits = Limits(one)
        kind = self._type(one, limits)
        if limits.required:
            return kind, ""
        if limits.nullable:
            return f"{kind} | None", " = None"
        if one.repeated:
            self.imports.add("from pydantic import Field")
            constraints = arguments_of({**limits.items, "default_factory": Source("list")})
            return f"Annotated[list[{self._element(one, limits)}], Field({constraints})]", ""
        return kind, f" = {default_of(one)}"

    def _type(self, one: Field, limits: Limits) -> str:
        if not one.repeated:
            return self._element(one, limits)
        inner = f"list[{self._element(one, limits)}]"
        return self._annotated(inner, limits.items)

    def _element(self, one: Field, limits: Limits) -> str:
        if one.kind == "message":
            return self.body_class(self.contracts.messages[one.type_name])
        if one.kind == "enum":
            return f"Literal{limits.names(self.contracts.enums[one.type_name])!r}"
        if one.kind == "bool":
            return "bool"
        if one.kind == "instant":
            self.imports.add("from pydantic import AwareDatetime")
            return "AwareDatetime"
        if one.kind == "int":
            return self._annotated("int", {**bounds_of(one, limits)})
        if limits.choices:
            return f"Literal{limits.choices!r}"
        if limits.is_id:
            self.imports.add("from uuid import UUID")
            return "UUID"
        if limits.is_email:
            self.imports.add("from gateway import texts")
            return self._annotated(
                "str", {"min_length": 3, "max_length": 254, "pattern": Source("texts.EMAIL")}
            )
        return self._annotated("str", limits.text)

    def body_class(self, message: Message) -> str:
        """The name of a body's class, here."""
        if message.package != self.package:
            self.imports.add(f"from {PACKAGE} import {module_of(message.package)}")
            return f"{module_of(message.package)}.{message.name}"
        return message.name

    def _annotated(self, kind: str, constraints: dict[str, Any]) -> str:
        if not constraints:
            return kind
        self.imports.add("from pydantic import Field")
        return f"Annotated[{kind}, Field({arguments_of(constraints)})]"

    def reader(self, message: Message) -> str:
        """The function that makes the message of its body."""
        if message.full_name in self.requests:
            return ""
        self.import_module(message.package, message.module)
        kind = f"{message.module}.{message.name}"
        arguments = self.from_body(message.fields, "of")
        return (
            f"\ndef {snake(message.name)}(of: {message.name}) -> {kind}:\n    return {kind}({arguments})\n\n"
        )

    def from_body(self, fields: Iterable[Field], at: str) -> str:
        """Keyword arguments of a message, of the members of a body."""
        return "".join(f"{one.name}={self._read(one, f'{at}.{one.member_name}')}, " for one in fields)

    def _read(self, one: Field, at: str) -> str:
        nullable = Limits(one).nullable
        if one.repeated:
            source = f"({at} or [])" if nullable else at
            element = self.read_one(one, "one")
            return source if element == "one" else f"[{element} for one in {source}]"
        if one.presence and one.kind != "message":
            return self.read_one(one, at)
        if one.kind == "message":
            value = self.read_one(one, at)
            return value if Limits(one).required else f"None if {at} is None else {value}"
        if nullable:
            empty = {"str": '""', "int": "0", "bool": "False"}.get(one.kind, "0")
            if one.kind == "enum":
                return f"0 if {at} is None else {self.read_one(one, at)}"
            return f"str({at} or '')" if Limits(one).is_id else f"{at} or {empty}"
        return self.read_one(one, at)

    def read_one(self, one: Field, at: str) -> str:
        """One value of a message, of one of a body."""
        if one.kind == "message":
            message = self.contracts.messages[one.type_name]
            reader = snake(message.name)
            if message.package != self.package:
                self.imports.add(f"from {PACKAGE} import {module_of(message.package)}")
                reader = f"{module_of(message.package)}.{reader}"
            return f"{reader}({at})"
        if one.kind == "enum":
            return f"{self.numbers(one)}[{at}]"
        if one.kind == "instant":
            self.imports.add("from chassis.instants import timestamp")
            return f"timestamp({at})"
        return f"str({at})" if Limits(one).is_id else at

    def numbers(self, one: Field) -> str:
        """The numbers of an enum by their names."""
        module = module_of(one.type_name.rpartition(".")[0])
        self.imports.add(f"from {JSON_PACKAGE}.{module} import {constant_of(one.type_name)}")
        return f"{constant_of(one.type_name)}.numbers"

    def import_module(self, package: str, module: str) -> None:
        """Has a generated module at hand."""
        self.imports.add(f"from {package} import {module}")
