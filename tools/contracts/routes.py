"""JSON and query -> message, as straight-line Python: bodies, requests, and the table of routes."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from tools.contracts.encoders import HEADER, constant_of, module_of
from tools.contracts.encoders import PACKAGE as JSON_PACKAGE
from tools.contracts.model import Contracts, Field, Message, snake
from tools.contracts.rest import REQUEST_ID, VARIABLE, Limits, Operation, Variable, written_fields

PACKAGE = "gateway.rest"
DATE = 3
"""JSON_TEXT_DATE."""
INT64_MAX = 2**63 - 1
INT32_MAX = 2**31 - 1


def routes(contracts: Contracts, operations: Iterable[Operation]) -> dict[str, str]:
    """File name -> source: one module for each package, and one that has the routes of all."""
    by_package: dict[str, list[Operation]] = {}
    for one in operations:
        by_package.setdefault(one.request.package, []).append(one)
    bodies: dict[str, dict[str, Message]] = {}
    for one in (operation for listed in by_package.values() for operation in listed):
        if one.body_message is not None:
            _collect(contracts, one.body_message, one.body_fields(), bodies)
    files = {
        f"{module_of(package)}.py": _Module(
            contracts, package, list(bodies.get(package, {}).values()), by_package.get(package, [])
        ).source()
        for package in sorted({*by_package, *bodies})
    }
    return files | {"__init__.py": _index(by_package)}


def _collect(
    contracts: Contracts, message: Message, fields: list[Field], found: dict[str, dict[str, Message]]
) -> None:
    """Notes a body's message and those that are in it."""
    found.setdefault(message.package, {}).setdefault(
        message.name, Message(message.full_name, message.module, message.comment, fields)
    )
    for one in fields:
        if one.kind == "message":
            inner = contracts.messages[one.type_name]
            _collect(contracts, inner, written_fields(inner), found)


def _index(packages: Iterable[str]) -> str:
    modules = sorted(module_of(package) for package in packages)
    return (
        f'{HEADER}\nThe way from REST to the methods: google.api.http and the options beside it.\n"""\n'
        "from typing import Final\n"
        f"from {PACKAGE} import {', '.join(modules)}\n"
        "from gateway.plain import Route\n"
        f"ROUTES: Final[tuple[Route, ...]] = ({' '.join(f'*{name}.ROUTES,' for name in modules)})\n"
    )


@dataclass(slots=True)
class _Module:
    contracts: Contracts
    package: str
    bodies: list[Message]
    operations: list[Operation]
    imports: set[str] = attribute(default_factory=set)
    functions: dict[str, str] = attribute(default_factory=dict)

    def source(self) -> str:
        """The whole module."""
        self.imports.add("from typing import Annotated, Final, Literal")
        models = [self._model(one) + self._reader(one) for one in self._inner_first()]
        table = "".join(self._route(one) for one in self.operations)
        if self.operations:
            self.imports.add("from gateway.plain import Route")
        return "\n".join(
            [
                f'{HEADER}\nBodies, requests and routes of {self.package}.\n"""\n',
                *sorted(self.imports),
                "",
                *models,
                *self.functions.values(),
                f"ROUTES: Final[tuple[Route, ...]] = ({table})\n" if self.operations else "",
            ]
        )

    def _inner_first(self) -> list[Message]:
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

    # --- bodies -----------------------------------------------------------------------------------------

    def _model(self, message: Message) -> str:
        self.imports.add("from gateway.bodies import Body")
        members = "".join(self._member(one) for one in message.fields)
        about = message.comment or f"What {message.name} takes."
        return f'class {message.name}(Body):\n    """{about}"""\n{members}\n'

    def _member(self, one: Field) -> str:
        limits = Limits(one)
        kind = self._type(one, limits)
        name = one.json_name
        if limits.required:
            return f"    {name}: {kind}\n"
        if limits.nullable:
            return f"    {name}: {kind} | None = None\n"
        if one.repeated:
            self.imports.add("from pydantic import Field")
            constraints = _arguments({**limits.items, "default_factory": _Name("list")})
            return f"    {name}: Annotated[list[{self._element(one, limits)}], Field({constraints})]\n"
        return f"    {name}: {kind} = {_default(one)}\n"

    def _type(self, one: Field, limits: Limits) -> str:
        if not one.repeated:
            return self._element(one, limits)
        inner = f"list[{self._element(one, limits)}]"
        return self._annotated(inner, limits.items)

    def _element(self, one: Field, limits: Limits) -> str:
        if one.kind == "message":
            return self._body_class(self.contracts.messages[one.type_name])
        if one.kind == "enum":
            return f"Literal{limits.names(self.contracts.enums[one.type_name])!r}"
        if one.kind == "bool":
            return "bool"
        if one.kind == "int":
            return self._annotated("int", {**_bounds(one, limits)})
        if limits.choices:
            return f"Literal{limits.choices!r}"
        if limits.is_id:
            self.imports.add("from uuid import UUID")
            return "UUID"
        if limits.is_email:
            self.imports.add("from gateway import texts")
            return self._annotated(
                "str", {"min_length": 3, "max_length": 254, "pattern": _Name("texts.EMAIL")}
            )
        return self._annotated("str", limits.text)

    def _body_class(self, message: Message) -> str:
        if message.package != self.package:
            self.imports.add(f"from {PACKAGE} import {module_of(message.package)}")
            return f"{module_of(message.package)}.{message.name}"
        return message.name

    def _annotated(self, kind: str, constraints: dict[str, Any]) -> str:
        if not constraints:
            return kind
        self.imports.add("from pydantic import Field")
        return f"Annotated[{kind}, Field({_arguments(constraints)})]"

    def _reader(self, message: Message) -> str:
        """The function that makes the message of its body."""
        if message.full_name in {one.request.full_name for one in self.operations}:
            return ""
        self._import_module(message.package, message.module)
        kind = f"{message.module}.{message.name}"
        arguments = self._from_body(message.fields, "of")
        return (
            f"\ndef {snake(message.name)}(of: {message.name}) -> {kind}:\n    return {kind}({arguments})\n\n"
        )

    def _from_body(self, fields: Iterable[Field], at: str) -> str:
        return "".join(f"{one.name}={self._read(one, f'{at}.{one.json_name}')}, " for one in fields)

    def _read(self, one: Field, at: str) -> str:
        nullable = Limits(one).nullable
        if one.repeated:
            source = f"({at} or [])" if nullable else at
            element = self._read_one(one, "one")
            return source if element == "one" else f"[{element} for one in {source}]"
        if one.presence and one.kind != "message":
            return self._read_one(one, at)
        if one.kind == "message":
            value = self._read_one(one, at)
            return value if Limits(one).required else f"None if {at} is None else {value}"
        if nullable:
            empty = {"str": '""', "int": "0", "bool": "False"}.get(one.kind, "0")
            if one.kind == "enum":
                return f"0 if {at} is None else {self._read_one(one, at)}"
            return f"str({at} or '')" if Limits(one).is_id else f"{at} or {empty}"
        return self._read_one(one, at)

    def _read_one(self, one: Field, at: str) -> str:
        if one.kind == "message":
            message = self.contracts.messages[one.type_name]
            reader = snake(message.name)
            if message.package != self.package:
                self.imports.add(f"from {PACKAGE} import {module_of(message.package)}")
                reader = f"{module_of(message.package)}.{reader}"
            return f"{reader}({at})"
        if one.kind == "enum":
            return f"{self._numbers(one)}[{at}]"
        return f"str({at})" if Limits(one).is_id else at

    def _numbers(self, one: Field) -> str:
        module = module_of(one.type_name.rpartition(".")[0])
        self.imports.add(f"from {JSON_PACKAGE}.{module} import {constant_of(one.type_name)}")
        return f"{constant_of(one.type_name)}.numbers"

    # --- requests and routes ----------------------------------------------------------------------------

    def _route(self, one: Operation) -> str:
        service = one.method.service
        known: dict[str, Any] = {
            "verb": one.verb.upper(),
            "path": one.path,
            "service": service,
            "name": one.method.name,
            "request": _Name(self._request(one)),
            "body": _Name(self._body_class(one.body_message)) if one.body_message else None,
            "answer": _Name(self._answer(one)),
            "status": one.status if one.status != 200 else None,
            "key": one.key if one.key != "none" else None,
            "permission": _Name(repr(self._permission(one))),
            "reads": True if not one.effect else None,
            "approved": bool(one.approver) or None,
            "etag": self._lambda(f"f'\"{{of.{one.rest.etag}}}\"'") if one.rest.etag else None,
            "location": self._lambda(_formatted(one.rest.location)) if one.rest.location else None,
            "seconds": one.rest.seconds or None,
        }
        arguments = ", ".join(f"{name}={value!r}" for name, value in known.items() if value is not None)
        return f"Route({arguments}),\n"

    def _permission(self, one: Operation) -> str | None:
        if not (one.public or one.permission):
            raise ValueError(f"{one.method.full_name} is for people and says no permission")
        return None if one.public else one.permission

    def _lambda(self, expression: str) -> "_Name":
        return _Name(f"lambda of: {expression}")

    def _request(self, one: Operation) -> str:
        """The name of the function that makes the request."""
        suffix = "".join(f"_{value.lower()}" for value in one.fixed.values())
        if one.rest.if_match:
            suffix += "_seen"
        name = f"_{snake(one.method.name)}{suffix}"
        while name in self.functions:
            name += "_at"
        self._import_module(one.request.package, one.request.module)
        kind = f"{one.request.module}.{one.request.name}"
        body = self._body_class(one.body_message) if one.body_message else "None"
        self.imports.add("from gateway.calls import Call")
        lines = f"    request = {kind}({self._arguments(one)})\n" + "".join(self._later(one))
        if self._later(one):
            lines += "    return request\n"
        else:
            lines = f"    return {kind}({self._arguments(one)})\n"
        self.functions[name] = f"def {name}(call: Call, body: {body}) -> {kind}:\n{lines}\n"
        return name

    def _arguments(self, one: Operation) -> str:
        found = [f"{REQUEST_ID}=call.key"] if one.key != "none" else []
        found += [
            f"{variable.at}={_from_path(variable)}" for variable in one.variables if "." not in variable.at
        ]
        for at, value in one.fixed.items():
            enum = self.contracts.enums[one.request.field_named(at).type_name]
            self._import_module(enum.full_name.rpartition(".")[0], enum.module)
            found.append(f"{at}={enum.module}.{value}")
        found += [f"{each.name}=call.address" for each in one.request.fields if each.json.client_address]
        if one.body == "*":
            found.append(self._from_body(one.body_fields(), "body"))
        elif one.body_message is not None:
            found.append(f"{one.body}={self._read_one(one.request.field_named(one.body), 'body')}")
            found += [
                f"{each.name}=body.{each.json.without_member.split('.', 1)[1]} is None"
                for each in one.request.fields
                if each.json.without_member
            ]
        found += self._query(one)
        return ", ".join(part.rstrip(", ") for part in found if part)

    def _query(self, one: Operation) -> list[str]:
        found = []
        inline = {each.type_name for each in one.request.fields if each.json.inline}
        paged = [each for each in one.request.fields if each.json.inline and one.query_fields()]
        for holder in paged:
            message = self.contracts.messages[holder.type_name]
            self._import_module(message.package, message.module)
            inner = ", ".join(self._parameter(each) for each in written_fields(message))
            found.append(f"{holder.name}={message.module}.{message.name}({inner})")
        inner_names = {each.name for name in inline for each in self.contracts.messages[name].fields}
        return found + [self._parameter(each) for each in one.query_fields() if each.name not in inner_names]

    def _parameter(self, one: Field) -> str:
        limits, name = Limits(one), repr(one.json_name)
        if one.kind == "enum":
            value = f"call.some_of({name}, {self._numbers(one)})"
        elif one.kind == "bool":
            value = f"call.flag({name})"
        elif one.kind == "instant":
            value = f"call.instant({name})"
        elif one.kind == "int":
            bounds = _bounds(one, limits)
            value = (
                f"call.number({name}, {bounds['ge']}, {bounds['le']}, default={int(one.json.default or 0)})"
            )
        elif limits.is_id:
            value = f"call.query_id({name})"
        elif limits.choices:
            value = f"call.one_of({name}, {limits.choices!r})"
        elif one.json.text == DATE:
            value = f"call.date({name})"
        elif one.name == "cursor":
            value = f"call.cursor({name})"
        else:
            value = f"call.line({name})"
        return f"{one.name}={value}"

    def _later(self, one: Operation) -> list[str]:
        """What the path and If-Match say of a message that the body made."""
        lines = [
            f"    request.{variable.at} = {_from_path(variable)}\n"
            for variable in one.variables
            if "." in variable.at
        ]
        if one.rest.if_match:
            lines.append(f"    request.{one.rest.if_match} = call.version\n")
        return lines

    def _answer(self, one: Operation) -> str:
        (first, *more) = one.answers
        if more or one.rest.answers or not first.fields:
            if first.fields:
                return "None"
            self.imports.add("from gateway.plain import nothing")
            return "nothing"
        module = f"{module_of(first.package)}_json"
        self.imports.add(f"from {JSON_PACKAGE} import {module_of(first.package)} as {module}")
        function = f"{module}.{snake(first.name)}"
        return f"lambda of: {function}(of.{one.response_body})" if one.response_body else function

    def _import_module(self, package: str, module: str) -> None:
        self.imports.add(f"from {package} import {module}")


class _Name(str):
    """Source, not a text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _arguments(constraints: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in constraints.items())


def _default(one: Field) -> str:
    given = one.json.default
    if one.kind == "bool":
        return "True" if given == "true" else "False"
    if one.kind == "int":
        return given or "0"
    return repr(given) if one.kind in ("str", "enum") else "None"


def _bounds(one: Field, limits: Limits) -> dict[str, int]:
    """With the kind's own where the contract has none."""
    given = dict(limits.number)
    if not given:
        return {}
    if not given.keys() & {"le", "lt"}:
        given["le"] = INT32_MAX if limits.number_kind == "int32" else INT64_MAX
    return given


def _from_path(variable: Variable) -> str:
    if variable.field.kind == "int":
        return f"call.path_number({variable.name!r})"
    if Limits(variable.field).choices:
        return f"call.path_name({variable.name!r}, {Limits(variable.field).choices!r})"
    return f"call.id_of({variable.name!r})"


def _formatted(location: str) -> str:
    """An expression for the address: its variables are fields of the answer."""
    return "f" + json.dumps(VARIABLE.sub(lambda found: f"{{of.{found.group(1)}}}", location))
