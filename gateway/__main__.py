"""`python -m gateway`: one gateway process."""

from chassis.process.runtime import run
from gateway.main import build
from gateway.settings import GatewaySettings

run(GatewaySettings, build)
