"""What a run keeps in its data folder: secrets, lock, state of a killed run; and how reset removes it."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, KeySetSerialization

from chassis.auth.service_identity import key_bytes
from deploy.local import keys, places, state
from deploy.local.process import Command, launch
from deploy.local.provision import ROLES, SERVICES
from deploy.local.reset import reset
from deploy.local.settings import LocalSettings, ServerPorts, local_settings


def settings_for(folder: Path, *, agreed: bool = False) -> LocalSettings:
    return LocalSettings(folder, ServerPorts(), None, None, None, coloured=False, reset_agreed=agreed)


@pytest.fixture
def outside() -> Iterator[Path]:
    """A folder like the one that holds a cluster which could not lie in the data folder."""
    folder = places.temporary_folder(None)
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_secrets_are_made_once_and_sign_tokens(tmp_path: Path) -> None:
    first = keys.kept_secrets(tmp_path)
    assert keys.kept_secrets(tmp_path) == first
    assert set(first.passwords) == set(ROLES)
    assert len(set(first.passwords.values())) == len(ROLES)
    assert set(first.service_keys) == {*SERVICES, "gateway", "seed"}
    assert all(len(key_bytes(key)) == 32 for key in first.service_keys.values())
    key_set = KeySet.import_key_set(cast(KeySetSerialization, first.signing_keys))
    header = {"alg": "EdDSA", "kid": key_set.keys[0].kid}
    token = jwt.encode(header, {"sub": "someone"}, key_set, algorithms=["EdDSA"])
    assert jwt.decode(token, key_set, algorithms=["EdDSA"]).claims == {"sub": "someone"}


def test_a_new_role_gets_a_password_and_the_others_keep_theirs(tmp_path: Path) -> None:
    first = keys.kept_secrets(tmp_path)
    path = tmp_path / "secrets.json"
    kept = json.loads(path.read_text())
    del kept["passwords"]["fynlo_staff"]
    path.write_text(json.dumps(kept))
    second = keys.kept_secrets(tmp_path)
    assert second.passwords["fynlo_staff"] != first.passwords["fynlo_staff"]
    assert second.passwords["fynlo_auth"] == first.passwords["fynlo_auth"]
    assert keys.kept_secrets(tmp_path) == second


def test_the_file_of_an_older_installation_gets_what_is_new_and_keeps_what_it_has(tmp_path: Path) -> None:
    first = keys.kept_secrets(tmp_path)
    path = tmp_path / "secrets.json"
    old = {
        "service_secret": "one for everybody",
        "signing_keys": first.signing_keys,
        "passwords": first.passwords,
    }
    path.write_text(json.dumps(old))
    second = keys.kept_secrets(tmp_path)
    assert (second.signing_keys, second.passwords) == (first.signing_keys, first.passwords)
    assert set(second.bus_passwords) == {*SERVICES, "gateway"}
    assert set(second.service_keys) == set(first.service_keys)
    assert keys.kept_secrets(tmp_path) == second
    assert "one for everybody" not in path.read_text()


def test_damaged_secrets_are_reported_and_left_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text("{")
    with pytest.raises(keys.SecretsUnreadable, match=r"secrets\.json is damaged"):
        keys.kept_secrets(tmp_path)
    assert path.read_text() == "{"


def test_a_lock_of_a_process_that_ended_is_free(tmp_path: Path) -> None:
    code = "import sys, pathlib; from deploy.local import state; state.lock(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    assert (tmp_path / "lock").read_text().strip().isdigit()
    held = state.lock(tmp_path)
    with pytest.raises(state.AlreadyRunning, match=rf"\(process {os.getpid()}\)"):
        state.lock(tmp_path)
    held.release()
    state.lock(tmp_path).release()


async def test_a_process_that_a_killed_run_left_is_ended_and_a_stranger_is_not(tmp_path: Path) -> None:
    left, stranger = (launch(Command("sleep", ("/bin/sleep", "60"), {})) for _ in range(2))
    processes = {
        "orders": {"pid": left.pid, "started": state.start_mark(left.pid)},
        "auth": {"pid": stranger.pid, "started": "1"},
        "staff": {"pid": None, "started": None},
    }
    state.write_run(tmp_path, {"processes": processes})
    assert state.end_leftovers(tmp_path) == ["orders"]
    assert await left.wait() == -9
    assert stranger.exit_code is None
    assert state.read_run(tmp_path) == {}
    await stranger.stop()


def test_reset_removes_our_data_also_elsewhere_and_nothing_else(tmp_path: Path, outside: Path) -> None:
    elsewhere = outside / "data-0123456789abcdef"
    (elsewhere / "cluster").mkdir(parents=True)
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "location").write_text(f"{elsewhere / 'cluster'}\n")
    (tmp_path / "nats").mkdir()
    (tmp_path / "notes of the owner").touch()
    keys.kept_secrets(tmp_path)
    assert reset(settings_for(tmp_path, agreed=True), interactive=False) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["notes of the owner"]
    assert not elsewhere.exists()
    assert outside.exists()


def test_reset_without_a_terminal_refuses_unless_the_variable_agrees(tmp_path: Path) -> None:
    keys.kept_secrets(tmp_path)
    assert reset(settings_for(tmp_path), interactive=False) == 1
    assert (tmp_path / "secrets.json").exists()


@pytest.mark.parametrize(("answer", "code", "kept"), [("yes\n", 0, False), ("y\n", 1, True), ("\n", 1, True)])
def test_reset_asks_on_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: str, code: int, kept: bool
) -> None:
    keys.kept_secrets(tmp_path)
    assert reset(settings_for(tmp_path), interactive=True, answers=io.StringIO(answer)) == code
    assert (tmp_path / "secrets.json").exists() is kept
    assert str(tmp_path) in capsys.readouterr().out


def test_reset_refuses_while_a_run_holds_the_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys.kept_secrets(tmp_path)
    held = state.lock(tmp_path)
    assert reset(settings_for(tmp_path, agreed=True), interactive=False) == 1
    assert "already runs" in capsys.readouterr().err
    assert (tmp_path / "secrets.json").exists()
    held.release()


def test_a_wrong_port_is_refused_by_the_name_of_its_variable(tmp_path: Path) -> None:
    for value in ("0", "65536", "eighty", "-1"):
        ran = subprocess.run(
            [sys.executable, "-m", "deploy.local"],
            env={"FYNLO_NATS_PORT": value, "FYNLO_DATA_DIR": str(tmp_path / "never"), "PATH": os.defpath},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ran.returncode, "FYNLO_NATS_PORT is" in ran.stderr) == (1, True)
    assert not (tmp_path / "never").exists()


def test_the_data_folder_of_the_command_line_wins(tmp_path: Path) -> None:
    assert local_settings(tmp_path).data_dir == tmp_path
    assert replace(local_settings(), data_dir=tmp_path) == local_settings(tmp_path)
