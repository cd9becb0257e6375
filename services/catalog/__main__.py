"""python -m services.catalog"""

from chassis.runtime import run
from services.catalog.main import build
from services.catalog.settings import CatalogSettings

run(CatalogSettings, build)
