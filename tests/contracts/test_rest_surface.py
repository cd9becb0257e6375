"""What REST v2 has published stays: clients that cannot be changed rely on it (docs/adr/0004).

The stored text is what was published. A line that is gone from today's document, or that says something else
now, is a path, a field, a limit or a code that a client may miss. New lines are no harm, unless they ask for
something that clients of before do not send. A change that is meant is an entry in CHANGED with its reason.
"""

from copy import deepcopy
from pathlib import Path
from typing import Any, cast

from gateway import texts
from gateway.app import build_app
from gateway.calls import Gateway
from tests.contracts.surface import surface_of

PUBLISHED = set((Path(__file__).parent / "published" / "rest-v2.txt").read_text().splitlines())
REQUIRED = " required "
_NULL = "null means none, as in every text that may be left out"
CHANGED: dict[str, str] = {
    "POST /api/v2/orders/quote body .lines required array minItems=1 maxItems=200": "a quote takes whatever "
    "an order's body may be; a basket without lines is refused with empty_order",
    "GET /api/v2/orders query state optional string pattern='^((draft|validated|paid|preparing|ready|done|"
    "invoiced|cancelled)(,(draft|validated|paid|preparing|ready|done|invoiced|cancelled)){0,7})?$'": "an "
    "order may be part of another one, which is a state beside the others",
    **{
        f"{operation} body .{name} optional string pattern={pattern!r} maxLength={most}": _NULL
        for name, pattern, most, operations in (
            ("job", texts.ONE_LINE, 60, ("POST /api/v2/employees", "PUT /api/v2/employees/{employee_id}")),
            (
                "description",
                texts.LINES,
                1000,
                ("POST /api/v2/menu/items", "PUT /api/v2/menu/items/{item_id}"),
            ),
        )
        for operation in operations
    },
}


def document() -> dict[str, Any]:
    """Today's, for the test to change; it needs no running service."""
    return deepcopy(build_app(cast(Gateway, None)).openapi())


def operation_of(line: str) -> tuple[str, str]:
    """Method and path."""
    method, path, _ = line.split(" ", 2)
    return method, path


def test_everything_that_was_published_is_there() -> None:
    missing = sorted(PUBLISHED - surface_of(document()) - CHANGED.keys())
    assert not missing, "\n".join(missing)


def test_nothing_more_is_asked_for() -> None:
    known = {operation_of(line) for line in PUBLISHED}
    asked = {line.split(REQUIRED)[0] for line in PUBLISHED if REQUIRED in line}
    now = {line.split(REQUIRED)[0] for line in surface_of(document()) if REQUIRED in line}
    assert not sorted(line for line in now - asked if operation_of(line) in known and is_sent(line))


def is_sent(member: str) -> bool:
    """Whether clients of before send what holds the member: the body, or a member that was published."""
    holder = member.rpartition(".")[0].removesuffix("[]")
    sent = {line.split(REQUIRED)[0].split(" optional ")[0] for line in PUBLISHED}
    return not holder or holder.endswith(" body ") or holder in sent


def test_what_a_new_member_asks_for_is_asked_of_nobody_who_does_not_send_it() -> None:
    item = "POST /api/v2/menu/items body "
    assert is_sent(f"{item}.option_groups[].options[].name")
    assert is_sent(f"{item}.name")
    assert not is_sent(f"{item}.option_groups[].options[].unheard_of.name")


def test_a_change_that_is_meant_was_one() -> None:
    assert not CHANGED.keys() & PUBLISHED & surface_of(document()), "these have not changed: take them out"


def test_a_field_that_is_renamed_or_limited_is_noticed() -> None:
    changed = document()
    schemas = changed["components"]["schemas"]
    line = next(
        one
        for name, one in schemas.items()
        if {"seat", "hold", "unit_price_minor"} <= one["properties"].keys()
    )
    line["properties"]["place"] = line["properties"].pop("seat")
    basket = changed["paths"]["/api/v2/orders"]["post"]
    basket["responses"]["409"]["content"]["application/problem+json"]["examples"].pop("insufficient_stock")
    payment = changed["paths"]["/api/v2/orders/{order_id}/payments"]["post"]["requestBody"]["content"]
    asked = schemas[payment["application/json"]["schema"]["$ref"].rpartition("/")[2]]
    asked["required"] = [*asked["required"], "tip_minor"]
    missing = PUBLISHED - surface_of(changed)
    assert "POST /api/v2/orders 201 .lines[].seat integer|null" in missing
    assert "POST /api/v2/orders 409 insufficient_stock" in missing
    more = "\n".join(surface_of(changed) - PUBLISHED)
    assert "POST /api/v2/orders/{order_id}/payments body .tip_minor required" in more
    assert not any(line.startswith("POST /api/v2/till-sessions ") for line in missing)
