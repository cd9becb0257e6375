"""`make reset`: removes the local data, after asking."""

import shutil
import sys
from pathlib import Path
from typing import TextIO

from deploy.local import state
from deploy.local.settings import LocalSettings, local_settings

OURS = ("postgres", "nats", "valkey", "images", "secrets.json", "run.json", "steps.json", "lock")
"""What runs put into the data folder. Nothing else in it is touched."""


def reset(settings: LocalSettings, *, interactive: bool, answers: TextIO = sys.stdin) -> int:
    """Remove the data of `settings.data_dir`. 0 when it is gone, 1 when it was refused."""
    folder = settings.data_dir
    if not folder.exists():
        print(f"There is no data in {folder}.")
        return 0
    if not settings.reset_agreed:
        if not interactive:
            print(
                "Without a terminal to ask on, nothing is removed. FYNLO_RESET=yes says yes.", file=sys.stderr
            )
            return 1
        print(f"This removes every order, payment and setting in {folder}.")
        print("Type yes to go on: ", end="", flush=True)
        if answers.readline().strip() != "yes":
            print("Nothing was removed.")
            return 1
    try:
        held = state.lock(folder)
    except state.AlreadyRunning as error:
        print(error, file=sys.stderr)
        return 1
    try:
        _remove(folder)
    finally:
        held.release()
    print(f"Removed the data in {folder}.")
    return 0


def _remove(folder: Path) -> None:
    pointer = folder / "postgres" / "location"
    if pointer.exists():
        elsewhere = Path(pointer.read_text().strip()).parent
        if elsewhere.name.startswith("data-") and elsewhere.exists():
            shutil.rmtree(elsewhere)
    for name in OURS:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()


if __name__ == "__main__":
    sys.exit(reset(local_settings(), interactive=sys.stdin.isatty()))
