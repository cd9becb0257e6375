"""The published examples of staff's events are what staff writes."""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest
from fynlo.staff.v1.events_pb2 import EmployeeSaved, ShiftEnded, ShiftStarted
from google.protobuf import json_format
from google.protobuf.message import Message

from services.staff.domain.employee import Employee
from services.staff.domain.time_card import clock_in, clock_out
from services.staff.tests.builders import LONDON
from services.staff.wire.employee import employee_message, employee_of, employee_saved
from services.staff.wire.time_card import shift_ended, shift_started

EXAMPLES = Path(__file__).parents[3] / "protos" / "examples"
CASA = UUID("0195f3a0-0000-7000-8000-000000000001")
MIA = UUID("0195f3a0-0000-7000-8000-000000000003")
EMPLOYEE = UUID("0195f3a0-0000-7000-8000-000000000005")
CARD = UUID("0195f3a0-0000-7000-8000-000000000006")


def events() -> dict[str, Message]:
    """What staff writes for the facts of the examples."""
    mia = Employee(EMPLOYEE, "Mia", MIA, "server", 1280, "GBP", active=True, version=1)
    start, end = datetime(2026, 10, 24, 21, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)
    opened = clock_in(mia, None, LONDON, card_id=CARD, now=start).opened
    assert opened.business_date == date(2026, 10, 24)
    return {
        "EmployeeSaved": employee_saved(mia, CASA),
        "ShiftStarted": shift_started(opened, CASA),
        "ShiftEnded": shift_ended(clock_out(mia, opened, end), CASA),
    }


@pytest.mark.parametrize("kind", [EmployeeSaved, ShiftStarted, ShiftEnded])
def test_the_example_is_what_staff_publishes(kind: type[Message]) -> None:
    name = kind.DESCRIPTOR.name
    text = (EXAMPLES / f"{name}.json").read_text(encoding="utf-8")
    assert json_format.Parse(text, kind()) == events()[name]


def test_an_employee_survives_the_wire() -> None:
    saved = events()["EmployeeSaved"]
    assert isinstance(saved, EmployeeSaved)
    assert employee_message(employee_of(saved.employee), CASA) == saved.employee
