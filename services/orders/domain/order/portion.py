"""Lines on their way into a bill and back, with the portions that have VAT rates of their own."""

from collections.abc import Sequence
from dataclasses import replace

from services.orders.domain.order.order import Line, Portion
from services.orders.pricing import Bill, LineToPrice, PartToPrice


def to_price(line: Line) -> LineToPrice:
    """As a bill prices it: what it was sold at, less its discount."""
    parts = tuple(PartToPrice(one.gross_minor, one.vat_rate_bp) for one in line.portions)
    return LineToPrice(line.gross_minor, 1, line.vat_rate_bp, line.discount_minor, parts)


def with_vat(lines: Sequence[Line], computed: Bill) -> tuple[Line, ...]:
    """The lines of a bill with their VAT, and that of their portions."""
    return tuple(
        replace(
            line,
            vat_minor=vat_minor,
            portions=tuple(
                replace(one, vat_minor=part) for one, part in zip(line.portions, parts, strict=True)
            ),
        )
        for line, vat_minor, parts in zip(
            lines, computed.line_vat_minor, computed.part_vat_minor, strict=True
        )
    )


def of_units(portions: Sequence[Portion], before: int, after: int) -> tuple[Portion, ...]:
    """The portions of a line of which there are now so many units; their VAT is to be computed."""
    return tuple(replace(one, gross_minor=one.gross_minor // before * after, vat_minor=0) for one in portions)
