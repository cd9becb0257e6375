"""Menus by time of day, and the hours that follow from them."""

from collections.abc import Iterable
from datetime import date

from fynlo.catalog.v1 import catalog_pb2

from chassis.errors import FieldError
from chassis.ids import new_id, parse_id
from chassis.instants import timestamp
from services.catalog.domain.errors import InvalidMenu
from services.catalog.domain.timed_menu import TimedMenu
from services.catalog.domain.window import SaleTime
from services.catalog.wire.window import window_in, window_messages


def timed_menu_in(message: catalog_pb2.TimedMenu) -> TimedMenu:
    """As a caller sent it; without an id a new one. Raises InvalidArgument (INVALID_ID), InvalidMenu."""
    return TimedMenu(
        parse_id(message.id) if message.id else new_id(),
        message.name.strip(),
        message.position,
        tuple(window_in(each) for each in message.windows),
        _date("effective_from", message.effective_from),
        _date("effective_until", message.effective_until),
        frozenset(parse_id(each) for each in message.category_ids),
        frozenset(parse_id(each) for each in message.item_ids),
        message.version if message.id else 0,
    )


def timed_menu(of: TimedMenu) -> catalog_pb2.TimedMenu:
    """As the contract says it."""
    return catalog_pb2.TimedMenu(
        id=str(of.id),
        name=of.name,
        position=of.position,
        windows=window_messages(of.windows),
        effective_from=_text(of.effective_from),
        effective_until=_text(of.effective_until),
        category_ids=[str(each) for each in sorted(of.category_ids)],
        item_ids=[str(each) for each in sorted(of.item_ids)],
        version=of.version,
    )


def sale_hours(times: Iterable[SaleTime]) -> catalog_pb2.SaleHours:
    """When an item is sold."""
    return catalog_pb2.SaleHours(
        times=[
            catalog_pb2.SaleTime(opens_at=timestamp(each.opens_at), closes_at=timestamp(each.closes_at))
            for each in times
        ]
    )


def _text(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _date(field: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        detail = "A date is written YYYY-MM-DD."
        raise InvalidMenu(detail, fields=[FieldError(f"menu.{field}", "invalid_date", detail)]) from None
