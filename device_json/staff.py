"""Employees and their time cards."""

from fynlo.staff.v1 import staff_pb2

from device_json.scalars import Json, instant


def employee(of: staff_pb2.Employee) -> Json:
    """An employee. The rate is per hour, in ``currency``."""
    return {
        "id": of.id,
        "restaurant_id": of.restaurant_id or None,
        "name": of.name,
        "user_id": of.user_id or None,
        "job": of.job or None,
        "hourly_rate_minor": of.hourly_rate_minor,
        "currency": of.currency_code or None,
        "active": of.active,
        "version": of.version,
    }


def timecard(of: staff_pb2.Timecard) -> Json:
    """A time card. ``clocked_out_at`` and ``worked_minutes`` are None while it is open."""
    closed = of.HasField("clocked_out_at")
    return {
        "id": of.id,
        "restaurant_id": of.restaurant_id or None,
        "employee_id": of.employee_id,
        "employee_name": of.employee_name or None,
        "clocked_in_at": instant(of.clocked_in_at) if of.HasField("clocked_in_at") else None,
        "clocked_out_at": instant(of.clocked_out_at) if closed else None,
        "time_zone": of.time_zone or None,
        "worked_minutes": of.worked_minutes if closed else None,
        "flags": list(of.flags),
        "business_date": of.business_date or None,
        "version": of.version,
    }
