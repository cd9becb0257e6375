"""Where a line is cooked: a combo at the stations of its components, each with its own."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID

from services.orders.domain.order.order import Line
from services.orders.domain.station import Station, route


def cooked_at(line: Line, stations: Sequence[Station]) -> Iterator[tuple[Station, Line]]:
    """The stations that cook of a line, and the line as each of them sees it: a combo has its components
    there, with what was chosen for them. What was chosen for the combo as a whole goes with its first one.
    """
    components = [option for option in line.options if option.item_id is not None]
    if not components:
        yield from ((station, line) for station in route(line.category_id, stations))
        return
    ids = {option.option_id for option in components}
    cooked: dict[UUID, tuple[Station, set[UUID]]] = {}
    for option in components:
        for station in route(option.category_id or line.category_id, stations):
            cooked.setdefault(station.id, (station, set()))[1].add(option.option_id)

    def component_of(option_id: UUID, parent_id: UUID | None) -> UUID:
        """The component that an option is, or is chosen for."""
        if option_id in ids:
            return option_id
        return parent_id if parent_id is not None and parent_id in ids else components[0].option_id

    for station, here in cooked.values():
        options = tuple(
            option
            for option in line.options
            if component_of(option.option_id, option.parent_option_id) in here
        )
        yield station, replace(line, options=options)
