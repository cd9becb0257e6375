"""JSON and query -> message, as straight-line Python: bodies, requests, and the table of routes."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from tools.contracts.bodies import DATE, PACKAGE, Bodies, Source, bounds_of, collect, names_of
from tools.contracts.encoders import HEADER, module_of
from tools.contracts.encoders import PACKAGE as JSON_PACKAGE
from tools.contracts.model import Contracts, Field, Message, snake
from tools.contracts.rest import REQUEST_ID, VARIABLE, Limits, Operation, Variable, written_fields


def routes(contracts: Contracts, operations: Iterable[Operation]) -> dict[str, str]:
    """File name -> source: one module for each package, and one that has the routes of all."""
    operations = list(operations)
    by_package: dict[str, list[Operation]] = {}
    for one in operations:
        by_package.setdefault(one.request.package, []).append(one)
    bodies: dict[str, dict[str, Message]] = {}
    for one in (operation for listed in by_package.values() for operation in listed):
        if one.body_message is not None:
            collect(contracts, one.body_message, one.body_fields(), bodies)
    files = {
        f"{module_of(package)}.py": _Module(
            contracts,
            package,
            list(bodies.get(package, {}).values()),
            frozenset(one.request.full_name for one in by_package.get(package, [])),
            operations=by_package.get(package, []),
        ).source()
        for package in sorted({*by_package, *bodies})
    }
    about = f'{HEADER}\nThe way from REST to the methods: google.api.http and the options beside it.\n"""\n'
    files |= {"__init__.py": about, "table.py": _index(by_package), "names.py": names_of(bodies)}
    return files | {"stubs.py": _stubs(operations)}


def _index(packages: Iterable[str]) -> str:
    modules = sorted(module_of(package) for package in packages)
    return (
        f'{HEADER}\nAll routes.\n"""\n'
        "from typing import Final\n"
        f"from {PACKAGE} import {', '.join(modules)}\n"
        "from gateway.plain import Route\n"
        f"ROUTES: Final[tuple[Route, ...]] = ({' '.join(f'*{name}.ROUTES,' for name in modules)})\n"
    )


def _stubs(operations: Iterable[Operation]) -> str:
    """The generated stub of each service that devices reach, by its full name."""
    found = {one.method.service: one.method.module for one in operations}
    imports, entries = [], []
    for service, module in sorted(found.items()):
        package, _, name = service.rpartition(".")
        imports.append(f"from {package}.{module}_grpc import {name}Stub\n")
        entries.append(f"{service!r}: {name}Stub,")
    return (
        f'{HEADER}\nThe stubs of all services that devices reach, by their names in the contract.\n"""\n'
        f"from typing import Any, Final\n{''.join(imports)}\n"
        f"STUBS: Final[dict[str, Any]] = {{{' '.join(entries)}}}\n"
    )


@dataclass(slots=True)
class _Module(Bodies):
    operations: list[Operation] = attribute(default_factory=list)
    functions: dict[str, str] = attribute(default_factory=dict)

    def source(self) -> str:
        """The whole module."""
        self.imports.add("from typing import Annotated, Final, Literal")
        models = [self.model(one) + self.reader(one) for one in self.inner_first()]
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

    # --- requests and routes ----------------------------------------------------------------------------

    def _route(self, one: Operation) -> str:
        service = one.method.service
        known: dict[str, Any] = {
            "verb": one.verb.upper(),
            "path": one.path,
            "service": service,
            "name": one.method.name,
            "request": Source(self._request(one)),
            "body": Source(self.body_class(one.body_message)) if one.body_message else None,
            "answer": Source(self._answer(one)),
            "status": one.status if one.status != 200 else None,
            "key": one.key if one.key != "none" else None,
            "permission": Source(repr(self._permission(one))),
            "reads": True if not one.effect else None,
            "approved": bool(one.approver) or None,
            "etag": self._lambda(f"f'\"{{of.{one.rest.etag}}}\"'") if one.rest.etag else None,
            "location": self._lambda(_formatted(one.rest.location)) if one.rest.location else None,
            "seconds": one.rest.seconds or None,
            "file": bool(one.rest.answer_types) or None,
            "accepts": tuple(one.rest.accepted_types) or None,
        }
        arguments = ", ".join(f"{name}={value!r}" for name, value in known.items() if value is not None)
        return f"Route({arguments}),\n"

    def _permission(self, one: Operation) -> str | None:
        if not (one.public or one.permission):
            raise ValueError(f"{one.method.full_name} is for people and says no permission")
        return None if one.public else one.permission

    def _lambda(self, expression: str) -> "Source":
        return Source(f"lambda of: {expression}")

    def _request(self, one: Operation) -> str:
        """The name of the function that makes the request."""
        suffix = "".join(f"_{value.lower()}" for value in one.fixed.values())
        if one.rest.if_match:
            suffix += "_seen"
        name = f"_{snake(one.method.name)}{suffix}"
        while name in self.functions:
            name += "_at"
        self.import_module(one.request.package, one.request.module)
        kind = f"{one.request.module}.{one.request.name}"
        body = self.body_class(one.body_message) if one.body_message else "None"
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
            self.import_module(enum.full_name.rpartition(".")[0], enum.module)
            found.append(f"{at}={enum.module}.{value}")
        found += [f"{each.name}=call.address" for each in one.request.fields if each.json.client_address]
        if one.body == "*":
            found.append(self.from_body(one.body_fields(), "body"))
        elif one.body_message is not None:
            found.append(f"{one.body}={self.read_one(one.request.field_named(one.body), 'body')}")
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
            self.import_module(message.package, message.module)
            inner = ", ".join(self._parameter(each) for each in written_fields(message))
            found.append(f"{holder.name}={message.module}.{message.name}({inner})")
        inner_names = {each.name for name in inline for each in self.contracts.messages[name].fields}
        return found + [self._parameter(each) for each in one.query_fields() if each.name not in inner_names]

    def _parameter(self, one: Field) -> str:
        limits, name = Limits(one), repr(one.json_name)
        if one.kind == "enum":
            value = f"call.some_of({name}, {self.numbers(one)}, {limits.items['max_length']})"
        elif one.kind == "bool":
            value = f"call.flag({name})"
        elif one.kind == "instant":
            value = f"call.instant({name})"
        elif one.kind == "int":
            bounds = bounds_of(one, limits)
            value = (
                f"call.number({name}, {bounds['ge']}, {bounds['le']}, default={int(one.json.default or 0)})"
            )
        elif limits.is_id:
            value = f"call.query_id({name})"
        elif limits.choices:
            value = f"call.one_of({name}, {limits.choices!r})"
        elif one.json.text == DATE:
            value = f"call.date({name})"
        elif one.json.pattern:
            value = f"call.form({name}, {one.json.pattern!r})"
        elif one.name == "cursor":
            value = f"call.cursor({name}, {limits.text['max_length']})"
        else:
            least = f", {limits.text['min_length']}" if "min_length" in limits.text else ""
            value = f"call.line({name}, {limits.text['max_length']}{least})"
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
        if more or one.rest.answers or one.rest.answer_types or not first.fields:
            if first.fields and not one.rest.answer_types:
                return "None"
            self.imports.add("from gateway.plain import nothing")
            return "nothing"
        module = f"{module_of(first.package)}_json"
        self.imports.add(f"from {JSON_PACKAGE} import {module_of(first.package)} as {module}")
        function = f"{module}.{snake(first.name)}"
        return f"lambda of: {function}(of.{one.response_body})" if one.response_body else function


def _from_path(variable: Variable) -> str:
    if variable.field.kind == "int":
        return f"call.path_number({variable.name!r})"
    if Limits(variable.field).choices:
        return f"call.path_name({variable.name!r}, {Limits(variable.field).choices!r})"
    return f"call.id_of({variable.name!r})"


def _formatted(location: str) -> str:
    """An expression for the address: its variables are fields of the answer."""
    return "f" + json.dumps(VARIABLE.sub(lambda found: f"{{of.{found.group(1)}}}", location))
