"""``python -m services.realtime``."""

from chassis.runtime import run
from services.realtime.main import build
from services.realtime.settings import RealtimeSettings

run(RealtimeSettings, build)
