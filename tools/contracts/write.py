"""Writes what is made of the contracts: the JSON of devices, and the way from REST to the methods."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools.contracts import encoders, model, rest, scalars

EXAMPLES = Path(__file__).resolve().parents[2] / "protos" / "examples" / "rest"
FORMAT = ["--isolated", "--line-length", "110", "--target-version", "py311"]


def json_package(target: Path, image: bytes) -> None:
    """The functions that make JSON of messages, into ``target``. ``image``: see ``model.load``."""
    contracts = model.load(image)
    target.mkdir(parents=True)
    (target / "__init__.py").write_text('"""The JSON that devices see, made of contract messages."""\n')
    shutil.copyfile(str(scalars.__file__), target / "scalars.py")
    for name, source in encoders.encoders(contracts, _shown(contracts)).items():
        (target / name).write_text(source)
    _format(target)


def rest_package(target: Path, image: bytes) -> None:
    """Bodies, requests, routes and the OpenAPI document, into ``target``."""
    # They need the gateway's words, which need the JSON package.
    from tools.contracts import health, openapi, routes

    contracts = model.load(image)
    operations = list(rest.operations(contracts))
    target.mkdir(parents=True)
    for name, source in routes.routes(contracts, operations).items():
        (target / name).write_text(source)
    _format(target)
    document = openapi.Document(contracts, operations, _examples()).build()
    document["paths"] |= health.paths()
    (target / "openapi.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def _shown(contracts: model.Contracts) -> list[str]:
    """The messages that devices see: what routes answer, what events tell, and the state of a channel. What a
    route has several answers for is made by a function of its own.
    """
    told = [one for one in rest.operations(contracts) if not one.rest.answer_types]
    alike = [one.answers[0] for one in told if len(one.answers) == 1]
    answers = [message.full_name for message in alike]
    events = [message.full_name for message in contracts.messages.values() if message.module == "events_pb2"]
    others = [
        "fynlo.realtime.v1.GetSnapshotResponse",
        "fynlo.auth.v1.OutboxMail",
        "fynlo.catalog.v1.VatClass",
    ]
    return [*(name for name in answers if contracts.messages[name].fields), *events, *others]


def _examples() -> dict[str, Any]:
    """By schema; a file that is uploaded by its media type."""
    found = {file.stem: json.loads(file.read_text()) for file in EXAMPLES.glob("*.json")}
    texts = {f"{path.stem} text/plain": path.read_text() for path in EXAMPLES.glob("*.txt")}
    return found | texts | {"text/csv": (EXAMPLES / "menu.csv").read_text()}


def _format(target: Path) -> None:
    ruff = Path(sys.executable).parent / "ruff"
    # Said, not found out: what is there already must not decide where an import stands.
    ours = ["--config", 'lint.isort.known-first-party = ["gateway"]']
    for command in (["check", "--select", "I,F401,UP", "--fix", "--quiet", *ours], ["format", "--quiet"]):
        subprocess.run([ruff, *command, *FORMAT, str(target)], check=True)
