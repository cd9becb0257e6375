"""`python -m gateway`: one gateway process."""

from chassis.runtime import run
from gateway.main import build
from gateway.settings import GatewaySettings

run(GatewaySettings, build)
