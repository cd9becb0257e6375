"""`python -m deploy.local.audit_chain`: the chassis' command for what `make run` runs (`make verify-audit`).

The address comes from `run.json` of the data folder, unless FYNLO_OWNER_DATABASE_URL says otherwise.
"""

import sys

from chassis.db.audit_chain import AuditSettings, app
from deploy.local.settings import local_settings
from deploy.local.state import RUN_FILE, owner_database_url


def main() -> None:
    """Verifies what the arguments name, everything without any."""
    data_dir = local_settings().data_dir
    url = AuditSettings().owner_database_url or owner_database_url(data_dir)
    if url is None:
        sys.exit(f"Nothing runs here ({data_dir / RUN_FILE} does not say where). Start it with `make run`.")
    app(["verify", *sys.argv[1:]], obj=url)


if __name__ == "__main__":
    main()
