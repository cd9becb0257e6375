"""Who runs Postgres, and where its files lie.

Postgres refuses to run as root. Started by root it therefore runs as an unprivileged account, which may not
be able to enter the folder of the project (a clone under a private home directory) nor to execute the
binaries of a virtual environment there. No folder that we did not create changes its permissions: data and
binaries then go to a folder of our own that the account can reach, `/var/cache/fynlo-pos` (kept over reboots
and not aged, unlike /var/tmp), else `/var/tmp/fynlo-pos-<uid>`. A file `location` beside the data folder says
where the cluster is.
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.local.settings import cache_home

ACCOUNT_NAMES = ("postgres", "nobody")
ENTER_ONLY = 0o711
"""Others may pass through, not list: the account needs no more of a folder that leads to its own."""
DIGEST_CHARACTERS = 16


class NoSuitablePlace(Exception):
    """No folder can hold the data for the account that has to use it. The text says what was tried."""


@dataclass(frozen=True, slots=True)
class Account:
    """An operating system account that a server runs as."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """The account for Postgres: None (our own) unless we are root."""
    if os.geteuid() != 0:
        return None
    for name in ACCOUNT_NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise NoSuitablePlace(
        "Postgres does not run as root and this machine has none of the accounts "
        f"{', '.join(ACCOUNT_NAMES)}. "
        "Start as an ordinary user, or create one of them."
    )


def reachable(path: Path, account: Account | None) -> bool:
    """Whether `account` can enter (a folder) or execute (a file) `path`. Asked of the kernel, so ACLs
    count.
    """
    if account is None:
        return os.access(path, os.X_OK)
    answer = subprocess.run(
        ["test", "-x", str(path)], user=account.uid, group=account.gid, extra_groups=[], cwd="/", check=False
    )
    return answer.returncode == 0


def cluster_folder(data_dir: Path, account: Account | None) -> Path:
    """Where the database cluster of `data_dir` lies or will lie. Creates the folders that lead to it,
    not itself.
    """
    pointer = data_dir / "location"
    if pointer.exists():
        kept = Path(pointer.read_text().strip())
        if kept.exists():
            return kept
    make_folder(data_dir)
    inside = data_dir / "cluster"
    if inside.exists() or (_keeps_modes(data_dir) and reachable(data_dir, account)):
        return inside
    digest = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:DIGEST_CHARACTERS]
    elsewhere = cache_folder(account) / f"data-{digest}"
    make_folder(elsewhere)
    pointer.write_text(f"{elsewhere / 'cluster'}\n")
    return elsewhere / "cluster"


def cache_folder(account: Account | None) -> Path:
    """A folder of our own that `account` can enter and only we can write."""
    tried = []
    for folder in _cache_candidates():
        tried.append(str(folder))
        try:
            make_folder(folder)
        except OSError:
            continue
        if is_ours(folder) and reachable(folder, account):
            return folder
    raise NoSuitablePlace(f"None of these folders can be used by Postgres: {', '.join(tried)}")


def temporary_folder(account: Account | None) -> Path:
    """A new folder for data that may be lost, which `account` can enter. The caller removes it."""
    for parent in (Path(tempfile.gettempdir()), *_cache_candidates()):
        if parent.is_dir() and reachable(parent, account):
            folder = Path(tempfile.mkdtemp(prefix="fynlo-", dir=parent))
            folder.chmod(ENTER_ONLY)
            return folder
    folder = Path(tempfile.mkdtemp(prefix="fynlo-", dir=cache_folder(account)))
    folder.chmod(ENTER_ONLY)
    return folder


def make_folder(folder: Path) -> None:
    """Create `folder` and its missing parents so that others may pass through. Leaves what exists as it
    is.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    folder.chmod(ENTER_ONLY)


def reachable_copy(install: Path, libraries: Path, version: str, account: Account | None) -> Path:
    """`install` itself when `account` can execute it, else a copy of what the server needs in our cache
    folder.
    """
    if reachable(install / "bin" / "postgres", account) and reachable(libraries, account):
        return install
    # The wheel's own layout is kept: the programs find their libraries relative to themselves.
    root = cache_folder(account) / f"postgres-{version}"
    copy = root / install.parent.name / install.name
    if not copy.exists():
        staging = Path(tempfile.mkdtemp(prefix="copying-", dir=root.parent))
        try:
            _copy_install(install, libraries, staging)
            if not root.exists():
                staging.rename(root)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return copy


def _copy_install(install: Path, libraries: Path, target: Path) -> None:
    target.chmod(0o755)
    inside = target / install.parent.name / install.name
    skip = shutil.ignore_patterns("pgxs", "pkgconfig", "*.a")
    for part in ("bin", "lib", "share"):
        shutil.copytree(install / part, inside / part, ignore=skip, symlinks=True)
    shutil.copytree(libraries, target / libraries.name)
    for path in (target, *target.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)


def _cache_candidates() -> Iterator[Path]:
    if os.geteuid() == 0:
        yield Path("/var/cache/fynlo-pos")
    else:
        home = cache_home()
        if home is not None:
            yield home / "fynlo-pos"
    yield Path(f"/var/tmp/fynlo-pos-{os.geteuid()}")


def is_ours(folder: Path) -> bool:
    """Guards the shared /var/tmp: another user could have made a folder of this name, or a link, before
    us.
    """
    facts = folder.lstat()
    others_write = facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid() and not others_write


def _keeps_modes(folder: Path) -> bool:
    """Postgres insists on a private data folder; some mounted file systems cannot say so."""
    probe = Path(tempfile.mkdtemp(prefix="probe-", dir=folder))
    try:
        return stat.S_IMODE(probe.stat().st_mode) == stat.S_IRWXU
    finally:
        probe.rmdir()
