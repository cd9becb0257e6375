"""The process: ``python -m services.staff``."""

from chassis.process.runtime import run
from services.staff.main import build
from services.staff.settings import StaffSettings

run(StaffSettings, build)
