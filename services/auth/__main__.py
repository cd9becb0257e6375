"""The process: ``python -m services.auth``."""

from chassis.process.runtime import run
from services.auth.main import build
from services.auth.settings import AuthSettings

run(AuthSettings, build)
