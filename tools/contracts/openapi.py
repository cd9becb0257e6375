"""The OpenAPI document of REST v2: addresses, parameters, bodies, answers, refusals, examples."""

from collections.abc import Iterable, Mapping
from typing import Any

from gateway import problems, texts
from tools.contracts.bodies import DATE, INT32_MAX, INT64_MAX, LINES, SECRET
from tools.contracts.codes import by_status, codes_of
from tools.contracts.model import Contracts, Field, Message
from tools.contracts.refusals import PROBLEM, refusals
from tools.contracts.rest import Limits, Operation, written_fields

Json = dict[str, Any]
SCHEMA = "#/components/schemas/"
EMAIL_CHARS = {"minLength": 3, "maxLength": 254}


class Document:
    """Built once, of all ``operations``. ``examples``: of bodies and answers, by the names of schemas."""

    def __init__(
        self, contracts: Contracts, operations: Iterable[Operation], examples: Mapping[str, Any]
    ) -> None:
        self._contracts = contracts
        self._examples = examples
        self._schemas: Json = {"Problem": PROBLEM}
        self._refusals: Json = {}
        self._paths: dict[str, Json] = {}
        for one in operations:
            self._paths.setdefault(one.path, {})[one.verb] = self._operation(one)

    def build(self) -> Json:
        """The whole document."""
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Fynlo POS",
                "summary": "The backend of a restaurant point of sale: REST v2",
                "version": "2",
            },
            "paths": self._paths,
            "components": {
                "schemas": dict(sorted(self._schemas.items())),
                "examples": dict(sorted(self._refusals.items())),
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            },
        }

    def _operation(self, one: Operation) -> Json:
        described: Json = {
            "tags": [one.rest.tag],
            "summary": one.summary,
            "description": one.method.comment or one.summary,
            "operationId": "_".join([one.method.name, *(value.lower() for value in one.fixed.values())])
            + ("_seen" if one.rest.if_match and len(self._addresses(one)) > 1 else ""),
            "x-permission": "public" if one.public else one.permission,
            "x-method": one.method.full_name,
            "security": [] if one.public else [{"bearer": []}],
            "parameters": [*self._path(one), *self._query(one), *_headers(one)],
        }
        if one.approver:
            described["x-approver"] = one.approver
        if one.rest.media_types:
            described["requestBody"] = {
                "required": True,
                # Bytes, which have no schema (OpenAPI 3.1, "Considerations for File Uploads").
                "content": {
                    name: {"example": self._examples[name]} if name in self._examples else {}
                    for name in one.rest.media_types
                },
            }
        elif one.body_message is not None:
            name = self._body(one.body_message, one.body_fields())
            content = {"schema": {"$ref": SCHEMA + name}, "example": self._examples.get(name, {})}
            # Nothing at all is read as an object without members.
            needed = bool(self._schemas[name].get("required"))
            described["requestBody"] = {"required": needed, "content": {"application/json": content}}
        described["responses"] = self._responses(one)
        return described

    def _addresses(self, one: Operation) -> list[Any]:
        return list(one.option("fynlo.common.v1.rest"))

    # --- parameters -------------------------------------------------------------------------------------

    def _path(self, one: Operation) -> list[Json]:
        return [
            {"name": variable.name, "in": "path", "required": True, "schema": self._written(variable.field)}
            for variable in one.variables
        ]

    def _query(self, one: Operation) -> list[Json]:
        return [
            {
                "name": field.json_name,
                "in": "query",
                "required": bool(field.json.pattern or Limits(field).text.get("min_length")),
                "description": self._words(field) or field.json_name,
                "schema": self._parameter(field),
            }
            for field in one.query_fields()
        ]

    def _parameter(self, field: Field) -> Json:
        limits = Limits(field)
        if field.kind == "bool":
            return {"type": "string", "enum": ["true", "false"]}
        if field.kind == "enum":
            names = limits.names(self._contracts.enums[field.type_name])
            return {"type": "string", "pattern": texts.some_of(names, limits.items["max_length"])}
        if field.name == "cursor":
            return {"type": "string"} | _renamed(limits.text, "Length") | {"pattern": texts.CURSOR}
        schema = self._written(field)
        if field.kind == "int" and field.json.default:
            schema["default"] = int(field.json.default)
        return schema

    # --- schemas ----------------------------------------------------------------------------------------

    def _body(self, message: Message, fields: list[Field]) -> str:
        name = f"{message.name}In"
        if name not in self._schemas:
            self._schemas[name] = {}
            required = [one.json_name for one in fields if Limits(one).required]
            self._schemas[name] = {
                "type": "object",
                "description": message.comment or f"What {message.name} takes.",
                "additionalProperties": False,
                "properties": {one.json_name: self._member(one) for one in fields},
            } | ({"required": required} if required else {})
        return name

    def _member(self, field: Field) -> Json:
        limits = Limits(field)
        schema = self._written(field)
        if field.repeated:
            schema = {"type": "array", "items": schema} | _renamed(limits.items, "Items")
        if limits.nullable:
            schema = {"anyOf": [schema, {"type": "null"}], "default": None}
        elif not limits.required and not field.repeated:
            schema["default"] = _default_of(field)
        return self._told(schema, field)

    def _written(self, field: Field) -> Json:
        """The schema of one value that clients write."""
        limits = Limits(field)
        if field.kind == "message":
            inner = self._contracts.messages[field.type_name]
            return {"$ref": SCHEMA + self._body(inner, written_fields(inner))}
        if field.kind == "enum":
            return {"type": "string", "enum": limits.names(self._contracts.enums[field.type_name])}
        if field.kind == "bool":
            return {"type": "boolean"}
        if field.kind == "instant":
            return {"type": "string", "format": "date-time"}
        if field.kind == "int":
            return {"type": "integer"} | _numbers(limits)
        if limits.choices:
            return {"type": "string", "enum": limits.choices}
        if limits.is_id:
            return {"type": "string", "format": "uuid"}
        if field.json.text == DATE:
            return {"type": "string", "format": "date"}
        return {"type": "string"} | self._text(field, limits)

    def _text(self, field: Field, limits: Limits) -> Json:
        if limits.is_email:
            return EMAIL_CHARS | {"pattern": texts.EMAIL}
        schema = _renamed(limits.text, "Length")
        if field.json.text != SECRET:
            schema.setdefault("pattern", texts.LINES if field.json.text == LINES else texts.ONE_LINE)
        return schema

    def _answer(self, message: Message) -> Json:
        """The schema of a message that is answered; one without fields is an object without members."""
        if not message.fields:
            return {"type": "object", "maxProperties": 0}
        name = message.name
        if name not in self._schemas:
            self._schemas[name] = {}
            members = self._members(message)
            self._schemas[name] = {
                "type": "object",
                "description": message.comment or message.name,
                # Later versions may add some.
                "additionalProperties": True,
                "properties": members,
                "required": [name for name in members if name not in message.absent],
            }
        return {"$ref": SCHEMA + name}

    def _members(self, message: Message) -> Json:
        members: Json = {}
        for one in message.fields:
            if one.json.omit:
                continue
            if one.json.inline:
                members |= self._members(self._shown(one))
            elif one.json.group:
                members.setdefault(one.json.group, self._group(message, one.json.group))
            else:
                members[one.json_name] = self._shown_member(one)
        return members

    def _group(self, message: Message, group: str) -> Json:
        fields = [one for one in message.fields if one.json.group == group]
        members = {one.json_name: self._shown_member(one) for one in fields}
        schema = {"type": "object", "properties": members, "required": list(members)}
        keyed = any(one.json.group_key for one in fields)
        return {"anyOf": [schema, {"type": "null"}]} if keyed else schema

    def _shown_member(self, one: Field) -> Json:
        schema = self._shown_value(one)
        if one.repeated:
            return self._told({"type": "array", "items": schema}, one)
        may_be_null = (
            one.json.nullable
            or one.json.HasField("null_unless")
            or (one.presence and one.kind not in ("message", "instant"))
        )
        return self._told({"anyOf": [schema, {"type": "null"}]} if may_be_null else schema, one)

    def _shown_value(self, one: Field) -> Json:
        if one.type_name == "google.protobuf.Struct":
            return {"type": "object", "additionalProperties": True}
        if one.kind == "message":
            inner = self._contracts.messages[one.type_name]
            if not inner.fields:
                return {"type": "object", "additionalProperties": True}
            if one.json.only or one.json.without:
                shown = self._shown(one)
                members = self._members(shown)
                always = [name for name in members if name not in shown.absent]
                return {"type": "object", "properties": members, "required": always}
            return self._answer(inner)
        if one.kind == "enum":
            # Not its enum: a newer server may answer with a value that an older client does not know.
            return {"type": "string", "examples": self._contracts.enums[one.type_name].names}
        return {"type": {"int": "integer", "bool": "boolean"}.get(one.kind, "string")}

    def _told(self, schema: Json, field: Field) -> Json:
        """With what the contract says of the field, where it says more than its name."""
        words = self._words(field)
        return schema | {"description": words} if words else schema

    def _words(self, field: Field) -> str:
        """The comment of the field, and those of the values that it may have."""
        enum = self._contracts.enums.get(field.type_name) if field.kind == "enum" else None
        values = [] if enum is None else enum.explained
        return "\n\n".join([*([field.comment] if field.comment else []), *values])

    def _shown(self, one: Field) -> Message:
        """The field's message with the members that are shown here."""
        message = self._contracts.messages[one.type_name]
        only, without = set(one.json.only), set(one.json.without)
        fields = [
            each for each in message.fields if each.name not in without and (not only or each.name in only)
        ]
        return Message(message.full_name, message.module, message.comment, fields)

    # --- responses --------------------------------------------------------------------------------------

    def _responses(self, one: Operation) -> Json:
        found: Json = {str(one.status): self._success(one)}
        if one.rest.etag and not one.effect:
            found["304"] = {"description": "The client's copy is the newest"}
        for status, codes in by_status(codes_of(self._contracts, one)).items():
            found[str(status)] = self._refusal(status, codes)
        return found

    def _refusal(self, status: int, codes: Iterable[str]) -> Json:
        title = problems.TITLES[status]
        for code in codes:
            self._refusals[f"{status}_{code}"] = {"value": problems.document(status, code, title)}
        return refusals(status, codes)

    def _success(self, one: Operation) -> Json:
        if one.rest.answer_types:
            name = {"schema": {"type": "string"}, "description": "The name of the file.", "required": True}
            return {
                "description": one.summary,
                "headers": {"Content-Disposition": name},
                "content": {kind: self._file_example(one, kind) for kind in one.rest.answer_types},
            }
        schemas = [self._answer(message) for message in one.answers]
        schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
        example = self._example(one.answers[0])
        files: Json = {kind: {} for kind in one.rest.accepted_types}
        return {
            "description": one.summary,
            "content": {"application/json": {"schema": schema, "example": example}} | files,
        }

    def _file_example(self, one: Operation, kind: str) -> Json:
        """Of the method's own answer, else of whatever is of this kind."""
        stored = self._examples.get(f"{one.response.name} {kind}", self._examples.get(kind))
        return {} if stored is None else {"example": stored}

    def _example(self, message: Message) -> Any:
        """The stored example, or one made of those of the message's fields."""
        if message.name in self._examples:
            return self._examples[message.name]
        made: Json = {}
        for one in message.fields:
            if one.json.omit or one.json.absent:
                continue
            if one.json.inline:
                made |= self._example(self._shown(one))
            elif one.kind == "message" and not one.json.nullable:
                example = self._example(self._contracts.messages[one.type_name])
                made[one.json_name] = [example] if one.repeated else example
            elif one.json.nullable:
                made[one.json_name] = None
            else:
                raise ValueError(f"{message.name} needs an example of its own, for {one.name}")
        return made


def _headers(one: Operation) -> list[Json]:
    found: list[Json] = []
    if one.key != "none":
        text = (
            "Made by the client for this action; the same on every retry. A replay answers the first answer."
        )
        schema = {"type": "string", "maxLength": texts.KEY_CHARS_MAX, "pattern": texts.KEY}
        found.append(_header("Idempotency-Key", text, schema, required=one.key == "required"))
    if one.rest.if_match:
        text = "The version that is being changed, in quotes."
        found.append(
            _header("If-Match", text, {"type": "string", "pattern": texts.VERSION_TAG}, required=True)
        )
    if one.rest.etag and not one.effect:
        text = "The ETag of the client's copy: 304 where it is the newest."
        found.append(_header("If-None-Match", text, {"type": "string"}, required=False))
    return found


def _header(name: str, text: str, schema: Json, *, required: bool) -> Json:
    return {"name": name, "in": "header", "required": required, "description": text, "schema": schema}


def _renamed(limits: Mapping[str, Any], suffix: str) -> Json:
    """JSON Schema's words for pydantic's."""
    words = {"min_length": f"min{suffix}", "max_length": f"max{suffix}"}
    return {words.get(name, name): value for name, value in limits.items()}


def _numbers(limits: Limits) -> Json:
    words = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
    found = {words[name]: value for name, value in limits.number.items()}
    if found and not found.keys() & {"maximum", "exclusiveMaximum"}:
        found["maximum"] = INT32_MAX if limits.number_kind == "int32" else INT64_MAX
    return found | ({"enum": limits.numbers} if limits.numbers else {})


def _default_of(field: Field) -> Any:
    given = field.json.default
    if field.kind == "bool":
        return given == "true"
    if field.kind == "int":
        return int(given or 0)
    return given
