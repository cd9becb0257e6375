"""`python -m deploy.local.parked`: chassis.parked for what `make run` runs (`make parked ARGS=...`).

The address comes from `run.json` of the data folder, unless FYNLO_OWNER_DATABASE_URL or FYNLO_DATABASE_URL
says otherwise.
"""

import json
import sys

from chassis.parked import ParkedSettings, app
from deploy.local.settings import local_settings
from deploy.local.state import RUN_FILE


def main() -> None:
    """Runs the command that the arguments name."""
    told = ParkedSettings()
    url = told.owner_database_url or told.database_url
    if url is None:
        run_file = local_settings().data_dir / RUN_FILE
        try:
            url = json.loads(run_file.read_text())["urls"]["owner_database"]
        except (OSError, ValueError, KeyError):
            sys.exit(f"Nothing runs here ({run_file} does not say where). Start it with `make run`.")
    app(sys.argv[1:] or ["list"], obj=url)


if __name__ == "__main__":
    main()
