"""``make run`` from a clone: the first start, which makes everything, and the second."""

import json
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.bars import Account
from bench.settings import environment_of_a_clone
from deploy.local.embedded import free_ports
from tests.system import ROOT, SERVERS, SERVICES

GIVE_UP_SECONDS = 300.0
STOP_SECONDS = 40.0


def start() -> Account:
    """Clones what is committed; fills the package cache by one installation that does not count."""
    with tempfile.TemporaryDirectory(prefix="bench-start-") as folder:
        clone = Path(folder) / "clone"
        clone.parent.chmod(0o755)
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        warm = _timed(["make", "venv"], clone)
        shutil.rmtree(clone / ".venv")
        first = _run(clone)
        second = _run(clone)
    account = {
        "warming_the_package_cache_seconds": warm,
        "first_seconds": first["seconds"],
        "second_seconds": second["seconds"],
        "first": first,
        "second": second,
    }
    account["beside"] = (
        f"of the first: .venv {first['installing_seconds']:.1f} s, "
        f"empty data folder {first['starting_seconds']:.1f} s"
    )
    return account


def _timed(argv: list[str], folder: Path) -> float:
    began = time.perf_counter()
    done = subprocess.run(argv, cwd=folder, env=environment_of_a_clone(), capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)} failed:\n{done.stderr.decode(errors='replace')[-3000:]}")
    return round(time.perf_counter() - began, 2)


def _run(clone: Path) -> dict[str, Any]:
    names = [*SERVERS, "gateway", "gateway-admin", "realtime-socket"]
    names += [name for service in SERVICES for name in (service, f"{service}-admin")]
    ports = zip(names, free_ports(len(names)), strict=True)
    env = environment_of_a_clone() | {
        f"FYNLO_{name.upper().replace('-', '_')}_PORT": str(port) for name, port in ports
    }
    log = clone.parent / "run.log"
    began = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(["make", "run"], cwd=clone, env=env, stdout=out, stderr=subprocess.STDOUT)
    try:
        installed = _wait(process, log, began, lambda: (clone / ".venv" / "installed").exists())
        up = _wait(process, log, began, lambda: _is_up(clone))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)
    starting = up - installed
    return {
        "seconds": round(up, 2),
        "installing_seconds": round(installed, 2),
        "starting_seconds": round(starting, 2),
    }


def _wait(process: "subprocess.Popen[bytes]", log: Path, began: float, done: Any) -> float:
    while not done():
        if process.poll() is not None or time.perf_counter() - began > GIVE_UP_SECONDS:
            raise RuntimeError(f"the system did not start:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.02)
    return time.perf_counter() - began


def _is_up(clone: Path) -> bool:
    try:
        return bool(json.loads((clone / ".fynlo" / "run.json").read_text()).get("up"))
    except (OSError, ValueError):
        return False
