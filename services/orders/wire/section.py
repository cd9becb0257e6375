"""Sections."""

from fynlo.orders.v1 import events_pb2 as orders_events
from fynlo.orders.v1 import floor_pb2

from chassis.ids import new_id, parse_id
from services.orders.domain.label import label_of
from services.orders.domain.section import Section


def section_message(section: Section) -> floor_pb2.Section:
    """The whole section."""
    return floor_pb2.Section(
        id=str(section.id), name=section.name, position=section.position, version=section.version
    )


def wanted_section(section: floor_pb2.Section) -> Section:
    """Without an id: a new one, version 0. Raises InvalidArgument (INVALID_ID,
    VALIDATION_FAILED)."""
    return Section(
        id=parse_id(section.id) if section.id else new_id(),
        name=label_of(section.name),
        position=section.position,
        version=section.version if section.id else 0,
    )


def section_saved(section: Section) -> orders_events.SectionSaved:
    """A section is new, or has changed."""
    return orders_events.SectionSaved(section=section_message(section))


def section_removed(section: Section) -> orders_events.SectionRemoved:
    """There is no such section any more."""
    return orders_events.SectionRemoved(section_id=str(section.id), version=section.version + 1)
