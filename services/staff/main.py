"""The composition root of staff, the same for production and tests."""

from fynlo.realtime.v1.channel_source_service_pb2_grpc import add_ChannelSourceServiceServicer_to_server
from fynlo.staff.v1.staff_service_pb2_grpc import add_StaffServiceServicer_to_server

from chassis.process.composition import open_service
from chassis.process.runtime import Service
from services.staff.consumers import HANDLERS
from services.staff.peers import AuthPeer
from services.staff.rpc.service import StaffRpc
from services.staff.rpc.time_card import StaffChannels
from services.staff.settings import StaffSettings


async def build(settings: StaffSettings) -> Service:
    """The service, connected and ready to start. Raises Unavailable."""
    staff = await open_service(settings)
    auth = AuthPeer(staff.channel("auth"))
    staff.serve(add_StaffServiceServicer_to_server, StaffRpc(staff.db, auth))
    staff.serve(add_ChannelSourceServiceServicer_to_server, StaffChannels(staff.db))
    staff.consume(HANDLERS)
    return staff.service
