"""`python -m deploy.local.parked`: the chassis' command for what `make run` runs (`make parked ARGS=...`).

The address comes from `run.json` of the data folder, unless FYNLO_OWNER_DATABASE_URL or FYNLO_DATABASE_URL
says otherwise.
"""

import sys

from chassis.messaging.parked import ParkedSettings, app
from deploy.local.settings import local_settings
from deploy.local.state import RUN_FILE, owner_database_url


def main() -> None:
    """Runs the command that the arguments name."""
    told, data_dir = ParkedSettings(), local_settings().data_dir
    url = told.owner_database_url or told.database_url or owner_database_url(data_dir)
    if url is None:
        sys.exit(f"Nothing runs here ({data_dir / RUN_FILE} does not say where). Start it with `make run`.")
    app(sys.argv[1:] or ["list"], obj=url)


if __name__ == "__main__":
    main()
