"""Where a line is cooked: a combo at the stations of its components, each with its own."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.orders.domain.menu import OrderType
from services.orders.domain.order.order import ChosenOption, Line
from services.orders.domain.station import Station, route


def cooked_at(
    line: Line, order_type: OrderType, stations: Sequence[Station], at: datetime
) -> list[tuple[Station, Line]]:
    """The stations that cook of a line that is fired now, and the line as each of them sees it; empty where
    some of it goes nowhere.

    A combo has its components there, with what was chosen for them. What was chosen for the combo as a whole
    goes with its first one.
    """
    components = [option for option in line.options if option.item_id is not None]
    if not components:
        return [(station, line) for station in route(line, order_type, stations, at)]
    chosen = _chosen_for(components, line.options)
    cooked: dict[UUID, tuple[Station, set[UUID]]] = {}
    for option in components:
        taking = route(_alone(line, option, chosen[option.option_id]), order_type, stations, at)
        if not taking:
            return []
        for station in taking:
            here = cooked.setdefault(station.id, (station, set()))[1]
            here.update(each.option_id for each in chosen[option.option_id])
    return [
        (station, replace(line, options=tuple(one for one in line.options if one.option_id in here)))
        for station, here in cooked.values()
    ]


def _chosen_for(
    components: Sequence[ChosenOption], options: Sequence[ChosenOption]
) -> dict[UUID, list[ChosenOption]]:
    """Each component with what was chosen for it."""
    chosen: dict[UUID, list[ChosenOption]] = {option.option_id: [] for option in components}
    first = components[0].option_id
    for option in options:
        own = option.option_id if option.option_id in chosen else option.parent_option_id
        chosen[own if own is not None and own in chosen else first].append(option)
    return chosen


def _alone(line: Line, component: ChosenOption, options: Sequence[ChosenOption]) -> Line:
    """A component as if it were a line of its own."""
    return replace(
        line,
        item_id=component.item_id or line.item_id,
        category_id=component.category_id or line.category_id,
        options=tuple(options),
    )
