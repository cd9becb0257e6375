"""`python -m deploy.local`: everything behind `make run`."""

import argparse
import asyncio
import sys
from pathlib import Path

from deploy.local.run import run
from deploy.local.settings import local_settings


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local", description="Run the whole of Fynlo POS here."
    )
    parser.add_argument("--data-dir", type=Path, help="where the data lies (FYNLO_DATA_DIR; default .fynlo)")
    try:
        settings = local_settings(parser.parse_args().data_dir)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    return asyncio.run(run(settings))


if __name__ == "__main__":
    sys.exit(main())
