"""``python -m services.realtime``."""

from chassis.process.runtime import run
from services.realtime.main import build
from services.realtime.settings import RealtimeSettings

run(RealtimeSettings, build)
