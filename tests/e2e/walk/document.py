"""The OpenAPI document as a list of operations, each with what it promises."""

import copy
import re
from dataclasses import dataclass
from typing import Any, cast

import jsonschema_rs

from gateway.app import build_app
from gateway.calls import Gateway

PROBLEM_JSON = "application/problem+json"
PREFIX = "/api/v2"
PLATFORM_PERMISSIONS = frozenset({"restaurants.manage", "platform.operate"})
# The document needs no running service; a test compares it with the one that the running gateway serves.
DOCUMENT: dict[str, Any] = build_app(cast(Gateway, None)).openapi()


def _closed(schemas: dict[str, Any]) -> dict[str, Any]:
    """The same models without room for members that they do not name."""
    closed = copy.deepcopy(schemas)
    for schema in closed.values():
        if schema.get("additionalProperties") is True and schema.get("properties"):
            schema["additionalProperties"] = False
    return closed


COMPONENTS = {"schemas": _closed(DOCUMENT["components"]["schemas"])}


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. ``path`` is the template without the common prefix."""

    method: str
    path: str
    described: dict[str, Any]

    @property
    def name(self) -> str:
        """POST /orders/{order_id}/fire."""
        return f"{self.method} {self.path}"

    @property
    def permission(self) -> str:
        """What the caller's token must hold; "public": nothing."""
        return str(self.described["x-permission"])

    @property
    def approver(self) -> str:
        """What lifts the limits of the operation; "" where it has none."""
        return str(self.described.get("x-approver", ""))

    @property
    def platform(self) -> bool:
        """Whether only people of the platform may do it, in no restaurant."""
        return self.permission in PLATFORM_PERMISSIONS

    @property
    def public(self) -> bool:
        """Whether no token is needed."""
        return self.permission == "public"

    @property
    def success(self) -> int:
        """The status of an answer that is no refusal."""
        return next(int(status) for status in self.described["responses"] if status.startswith("2"))

    @property
    def path_ids(self) -> list[str]:
        """The names in the path's braces."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def body_model(self) -> dict[str, Any] | None:
        """The schema of a JSON body."""
        content = self.described.get("requestBody", {}).get("content", {}).get("application/json")
        # A file has no schema, whatever it is made of.
        return None if content is None or "schema" not in content else resolved(content["schema"])

    @property
    def example(self) -> Any:
        """A copy of the documented body."""
        content = self.described["requestBody"]["content"]["application/json"]
        return copy.deepcopy(content["example"])

    @property
    def files(self) -> set[str]:
        """What is answered where that is a file: its media types."""
        content = self.described["responses"][str(self.success)].get("content", {})
        return {name for name, one in content.items() if "schema" not in one and "/health" not in self.path}

    @property
    def may_be_json(self) -> bool:
        """Whether JSON is answered to whoever accepts no file."""
        content = self.described["responses"][str(self.success)].get("content", {})
        return "schema" in content.get("application/json", {})

    @property
    def takes_key(self) -> bool:
        """Whether an Idempotency-Key is documented."""
        return self._has_header("Idempotency-Key")

    @property
    def needs_match(self) -> bool:
        """Whether If-Match is documented."""
        return self._has_header("If-Match")

    @property
    def codes(self) -> set[tuple[int, str]]:
        """(status, code) of every refusal that is documented."""
        found = set()
        for status, response in self.described["responses"].items():
            examples = response.get("content", {}).get(PROBLEM_JSON, {}).get("examples", {})
            found |= {(int(status), code) for code in examples}
        return found

    def check_answer(self, body: Any) -> None:
        """Raises ValidationError where a successful answer is not what the document says."""
        content = self.described["responses"][str(self.success)]["content"]["application/json"]
        schema = content.get("schema") or {"type": "object", "maxProperties": 0}
        jsonschema_rs.validator_for({**schema, "components": COMPONENTS}).validate(body)

    def _has_header(self, name: str) -> bool:
        return any(parameter["name"] == name for parameter in self.described.get("parameters", []))


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that a reference means."""
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


OPERATIONS = [
    Operation(method.upper(), path.removeprefix(PREFIX), described)
    for path, methods in DOCUMENT["paths"].items()
    for method, described in methods.items()
]
BY_NAME = {operation.name: operation for operation in OPERATIONS}
