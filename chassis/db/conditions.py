"""Statements whose conditions are only those that are asked for.

A statement is planned once, for whatever its parameters will be (``chassis.db``). A condition that a
parameter can switch off ("is null, or equals the column") is therefore planned as one that may choose any
rows: an index on it does not serve, nor does one in the order of the list, and a page reads all that there
is. So such a condition is left out, and there are as many statements as there are combinations.

    where = Conditions(tx.tenant).add("restaurant_id = $1")
    if employee_id is not None:
        where.add("employee_id = {}", employee_id)
    await tx.fetch(f"SELECT * FROM timecard WHERE {where} LIMIT {where.parameter(limit)}", *where.arguments)
"""

from typing import Any, Self


class Conditions:
    """Conditions that hold together, and the statement's parameters in their order. Without any: ``true``."""

    def __init__(self, *parameters: object) -> None:
        self.arguments: list[Any] = list(parameters)
        self._texts: list[str] = []

    def add(self, text: str, *values: object) -> Self:
        """One more; each ``{}`` of it is the place of a value."""
        self._texts.append(text.format(*(self.parameter(value) for value in values)))
        return self

    def parameter(self, value: object) -> str:
        """The place of a further parameter in the statement."""
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def __str__(self) -> str:
        return " AND ".join(self._texts) or "true"
