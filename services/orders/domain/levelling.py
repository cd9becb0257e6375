"""A table of whole amounts that is right in its rows becomes right in its columns, too.

Spread by itself, each row is its sum; what the columns come to may then be a unit off. Units move within
rows, from columns with too much to columns with too little, also by way of others, so that every cell stays
within a unit of its exact share as long as there is such a table.
"""

from collections.abc import Callable, Sequence

Rows = list[list[int]]
Bounds = Callable[[int, Sequence[int]], list[tuple[int, int]]]
"""The least and the most of each cell of a row, of its sum and its weights."""


def level(
    rows: Sequence[Sequence[int]],
    columns: Sequence[int],
    weights: Sequence[Sequence[int]],
    *,
    firmly: bool = True,
) -> Rows:
    """``rows``, each spread by its weights, with these sums of columns. Cells of no weight get something only
    ``firmly``, and where nothing else fits; else columns may stay as they are. Rows below 0 are left alone.
    """
    cells = [list(row) for row in rows]
    for bounds in (_near, _weighty, _any) if firmly else (_near, _weighty):
        limits = [
            bounds(sum(row), of_row) if sum(row) >= 0 else [(one, one) for one in row]
            for row, of_row in zip(cells, weights, strict=True)
        ]
        while _move(cells, columns, limits):
            pass
    return cells


def sums_of_columns(rows: Sequence[Sequence[int]], columns: int) -> list[int]:
    """Also where there is no row."""
    return [sum(row[index] for row in rows) for index in range(columns)]


def _near(total: int, weights: Sequence[int]) -> list[tuple[int, int]]:
    whole = sum(weights)
    if not whole:
        return [(0, 0)] * (len(weights) - 1) + [(total, total)]
    return [(total * one // whole, -(-total * one // whole)) for one in weights]


def _weighty(total: int, weights: Sequence[int]) -> list[tuple[int, int]]:
    return [(0, total if one else 0) for one in weights]


def _any(total: int, weights: Sequence[int]) -> list[tuple[int, int]]:
    return [(0, total)] * len(weights)


def _move(cells: Rows, columns: Sequence[int], limits: Sequence[Sequence[tuple[int, int]]]) -> bool:
    """One unit, from the first column that can give one. False: none can."""
    found = sums_of_columns(cells, len(columns))
    over = [had - wanted for had, wanted in zip(found, columns, strict=True)]
    for start in [index for index, more in enumerate(over) if more > 0]:
        came_from = {start: (start, -1)}
        waiting = [start]
        for column in waiting:
            if over[column] < 0:
                _carry(cells, came_from, column)
                return True
            for other in range(len(columns)):
                if other in came_from:
                    continue
                for row, (cell, limit) in enumerate(zip(cells, limits, strict=True)):
                    if cell[column] > limit[column][0] and cell[other] < limit[other][1]:
                        came_from[other] = (column, row)
                        waiting.append(other)
                        break
    return False


def _carry(cells: Rows, came_from: dict[int, tuple[int, int]], column: int) -> None:
    before, row = came_from[column]
    while row >= 0:
        cells[row][column] += 1
        cells[row][before] -= 1
        column = before
        before, row = came_from[column]
