"""Made of the contracts: `make protos FIX=1` writes it anew.

The JSON that devices see of fynlo.staff.v1.
"""

from fynlo.staff.v1 import events_pb2, staff_pb2, staff_service_pb2

from fynlo_json.scalars import Json, instant


def employee(of: staff_pb2.Employee) -> Json:
    return {
        "id": of.id,
        "restaurant_id": of.restaurant_id,
        "name": of.name,
        "user_id": of.user_id or None,
        "job": of.job or None,
        "hourly_rate_minor": of.hourly_rate_minor,
        "currency": of.currency_code,
        "active": of.active,
        "version": of.version,
    }


def employee_saved(of: events_pb2.EmployeeSaved) -> Json:
    return {
        "employee": employee(of.employee),
    }


def list_employees_response(of: staff_service_pb2.ListEmployeesResponse) -> Json:
    return {
        "items": [employee(one) for one in of.employees],
        "next_cursor": of.next_cursor or None,
    }


def list_timecards_response(of: staff_service_pb2.ListTimecardsResponse) -> Json:
    return {
        "items": [timecard(one) for one in of.timecards],
        "next_cursor": of.next_cursor or None,
    }


def shift_ended(of: events_pb2.ShiftEnded) -> Json:
    return {
        "timecard": timecard(of.timecard),
    }


def shift_started(of: events_pb2.ShiftStarted) -> Json:
    return {
        "timecard": timecard(of.timecard),
    }


def timecard(of: staff_pb2.Timecard) -> Json:
    return {
        "id": of.id,
        "restaurant_id": of.restaurant_id,
        "employee_id": of.employee_id,
        "employee_name": of.employee_name or None,
        "clocked_in_at": instant(of.clocked_in_at) if of.HasField("clocked_in_at") else None,
        "clocked_out_at": instant(of.clocked_out_at) if of.HasField("clocked_out_at") else None,
        "time_zone": of.time_zone,
        "worked_minutes": of.worked_minutes if of.HasField("clocked_out_at") else None,
        "flags": list(of.flags),
        "business_date": of.business_date,
        "version": of.version,
    }
