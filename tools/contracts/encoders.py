"""Message -> dict, as straight-line Python: what REST answers and what socket frames carry."""

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as attribute

from tools.contracts.model import Contracts, Enum, Field, Message, snake

PACKAGE = "fynlo_json"
STRUCT = "google.protobuf.Struct"
HEADER = '"""Made of the contracts: `make protos FIX=1` writes it anew.\n'


def encoders(contracts: Contracts, roots: Iterable[str]) -> dict[str, str]:
    """File name -> source: one module for each package, with a function for each message that is shown."""
    by_package: dict[str, list[Message]] = {}
    for message in contracts.reachable(iter(roots)):
        by_package.setdefault(message.package, []).append(message)
    return {
        f"{module_of(package)}.py": _Module(contracts, package, messages).source()
        for package, messages in by_package.items()
    }


def module_of(package: str) -> str:
    """orders for fynlo.orders.v1."""
    return package.split(".")[1]


def constant_of(enum: str) -> str:
    """KITCHEN_STATE for fynlo.orders.v1.KitchenState."""
    return snake(enum.rpartition(".")[2]).upper()


@dataclass(slots=True)
class _Module:
    contracts: Contracts
    package: str
    messages: list[Message]
    imports: set[str] = attribute(default_factory=set)
    variants: list[str] = attribute(default_factory=list)

    def source(self) -> str:
        """The whole module."""
        functions = [self._function(message) for message in self.messages]
        enums = [self._names(enum) for name, enum in sorted(self.contracts.enums.items()) if self._has(name)]
        self.imports.add(f"from {PACKAGE}.scalars import EnumNames, Json, instant")
        self.imports.add("from typing import Any, Final")
        head = f'{HEADER}\nThe JSON that devices see of {self.package}.\n"""\n'
        return "\n".join([head, *sorted(self.imports), "", *enums, "", *functions, *self.variants])

    def _function(self, message: Message) -> str:
        self._import_module(message.package, message.module)
        name, kind = snake(message.name), f"{message.module}.{message.name}"
        return f"def {name}(of: {kind}) -> Json:\n{_docstring(message.comment)}{self._body(message)}\n"

    def _body(self, message: Message) -> str:
        oneofs = {one.oneof for one in message.fields if one.oneof and one.kind == "message"}
        members, written = [], set()
        for one in message.fields:
            if one.json.omit:
                continue
            if one.json.group:
                if one.json.group not in written:
                    members.append(self._group(message, one.json.group))
                    written.add(one.json.group)
            elif one.oneof in oneofs:
                if one.oneof not in written:
                    members.append(self._oneof(message, one.oneof))
                    written.add(one.oneof)
            elif one.json.inline:
                members.append(f"**{self._value(message, one)},")
            elif one.json.absent:
                members.append(self._where_it_says_something(message, one))
            else:
                members.append(f"{one.json_name!r}: {self._value(message, one)},")
        return f"    return {{{' '.join(members)}}}\n"

    def _where_it_says_something(self, message: Message, one: Field) -> str:
        """A member that is not there where the field is empty."""
        given = f"of.HasField({one.name!r})" if one.presence else f"of.{one.name}"
        value = self._value(message, one) if one.repeated else self._scalar(message, one, f"of.{one.name}")
        return f"**({{{one.json_name!r}: {value}}} if {given} else {{}}),"

    def _group(self, message: Message, group: str) -> str:
        fields = [one for one in message.fields if one.json.group == group]
        inner = "".join(f"{one.json_name!r}: {self._value(message, one)}, " for one in fields)
        key = next((one for one in fields if one.json.group_key), None)
        return f"{group!r}: {{{inner}}}" + (f" if of.{key.name} else None," if key else ",")

    def _oneof(self, message: Message, oneof: str) -> str:
        """One member, named as the oneof: whichever of its messages is set. None that is known: KeyError."""
        table = f"_{snake(message.name)}_{oneof}".upper()
        entries = ", ".join(
            f"{one.name!r}: {self._reference(message, one)}" for one in message.fields if one.oneof == oneof
        )
        self.variants.append(f"{table}: Final[dict[str | None, Any]] = {{{entries}}}\n")
        return f"{oneof!r}: {table}[kind := of.WhichOneof({oneof!r})](getattr(of, kind or '')),"

    def _value(self, message: Message, one: Field) -> str:
        at = f"of.{one.name}"
        if one.repeated:
            plain = one.kind in ("str", "int")
            return f"list({at})" if plain else f"[{self._scalar(message, one, 'one')} for one in {at}]"
        value = self._scalar(message, one, at)
        if one.json.HasField("null_unless"):
            return f"{value} if {self._condition(message, one.json.null_unless)} else None"
        if one.kind == "message" and not one.json.nullable:
            return value
        if one.presence:
            return f"{value} if of.HasField({one.name!r}) else None"
        return f"{value} or None" if one.json.nullable and one.kind != "enum" else value

    def _scalar(self, message: Message, one: Field, at: str) -> str:
        if one.type_name == STRUCT:
            self.imports.add("from google.protobuf.json_format import MessageToDict")
            return f"MessageToDict({at})"
        if one.kind == "message":
            return f"{self._reference(message, one)}({at})"
        if one.kind == "instant":
            return f"instant({at})"
        if one.kind == "enum":
            return f"{self._enum(one.type_name)}[{at}]"
        if one.kind == "bytes":
            raise ValueError(f"{one.name}: JSON has no bytes; leave the field out of it")
        return f"not {at}" if one.json.negated else at

    def _condition(self, message: Message, condition: object) -> str:
        other = message.field_named(condition.field)  # type: ignore[attr-defined]
        value: str = condition.value  # type: ignore[attr-defined]
        if not value:
            return f"of.HasField({other.name!r})"
        enum = self.contracts.enums[other.type_name]
        if value not in enum.values:
            raise ValueError(f"{other.type_name} has no {value}")
        self._import_module(enum.full_name.rpartition(".")[0], enum.module)
        return f"of.{other.name} == {enum.module}.{value}"

    def _enum(self, name: str) -> str:
        if not self._has(name):
            module = module_of(name.rpartition(".")[0])
            self.imports.add(f"from {PACKAGE}.{module} import {constant_of(name)}")
        return constant_of(name)

    def _names(self, enum: Enum) -> str:
        self._import_module(self.package, enum.module)
        kind = f"{enum.module}.{enum.full_name.rpartition('.')[2]}"
        return f"{constant_of(enum.full_name)}: Final = EnumNames({kind}, {enum.prefix!r})"

    def _has(self, name: str) -> bool:
        return name.rpartition(".")[0] == self.package

    def _reference(self, holder: Message, one: Field) -> str:
        """The function that encodes the field's message, with the members that are shown here."""
        message = self.contracts.messages[one.type_name]
        name = snake(message.name)
        if one.json.only or one.json.without:
            return self._variant(holder, message, one)
        if message.package != self.package:
            self.imports.add(f"from {PACKAGE}.{module_of(message.package)} import {name}")
        return name

    def _variant(self, holder: Message, message: Message, one: Field) -> str:
        hidden = set(one.json.without) or {each.name for each in message.fields} - set(one.json.only)
        named = set(one.json.without) | set(one.json.only)
        if unknown := named - {each.name for each in message.fields}:
            raise ValueError(f"{one.type_name} has no {', '.join(sorted(unknown))}")
        shown = Message(
            message.full_name,
            message.module,
            message.comment,
            [each for each in message.fields if each.name not in hidden],
        )
        name = f"_{snake(message.name)}_of_{snake(holder.name)}"
        kind = f"{message.module}.{message.name}"
        source = f"def {name}(of: {kind}) -> Json:\n{self._body(shown)}\n"
        if source not in self.variants:
            self._import_module(message.package, message.module)
            self.variants.append(source)
        return name

    def _import_module(self, package: str, module: str) -> None:
        self.imports.add(f"from {package} import {module}")


def _docstring(comment: str) -> str:
    """The contract's comment, as it is."""
    return f'    {("r" if chr(92) in comment else "")}"""{comment}"""\n' if comment else ""
