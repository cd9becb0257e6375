"""What other processes have refused."""

from fynlo.auth.v1 import auth_service_pb2 as auth_api

from chassis.ids import parse_id
from chassis.instants import instant_of
from chassis.rpc import Counted, Refusal, Report


def report_of(request: auth_api.ReportRefusalsRequest) -> Report:
    """What another process has refused."""
    restaurant_id = parse_id(request.restaurant_id) if request.restaurant_id else None
    counted = [
        Counted(
            Refusal(restaurant_id, one.actor, one.device_id, one.reason, one.permission, one.address),
            instant_of(one.minute, "minute"),
            one.method,
            one.count,
        )
        for one in request.refusals
    ]
    return Report(request.request_id, restaurant_id, tuple(counted))
