"""Generates the contract package from `protos/`, lints it and checks it against the released image.

python -m tools.protos generate   write protos/python (stubs included)
python -m tools.protos check      fail when protos/python differs from a fresh generation, on lint errors,
                                  or on a change that breaks a released contract
python -m tools.protos release    make the present contracts the released ones
"""

import filecmp
import importlib.resources
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2
from protovalidate._gen.buf.validate import validate_pb

from tools.contracts import encoders, model, scalars

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
PACKAGE = PROTOS / "python"
RELEASED = PROTOS / "released" / "contracts.binpb"
GENERATED_FOLDERS = ("fynlo", "buf", encoders.PACKAGE)
BUF_SECONDS = 120
# What validate.proto imports.
VALIDATE_IMPORTS = ("descriptor", "duration", "field_mask", "timestamp")


def sources() -> list[str]:
    """Every contract file, relative to protos/."""
    return sorted(str(path.relative_to(PROTOS)) for path in (PROTOS / "fynlo").rglob("*.proto"))


def well_known_includes() -> Path:
    """The google/protobuf sources that come with grpcio-tools."""
    return Path(str(importlib.resources.files("grpc_tools") / "_proto"))


def validate_descriptor(target: Path) -> Path:
    """Writes the descriptor of validate.proto, which exists only inside the protovalidate wheel."""
    well_known = target / "well_known.binpb"
    protoc(
        [
            f"-I{well_known_includes()}",
            "--include_imports",
            f"--descriptor_set_out={well_known}",
            *(
                f"google/protobuf/{name}.proto"
                for name in ("descriptor", "duration", "field_mask", "timestamp")
            ),
        ]
    )
    files = descriptor_pb2.FileDescriptorSet.FromString(well_known.read_bytes())
    files.file.append(descriptor_pb2.FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary()))
    path = target / "validate.binpb"
    path.write_bytes(files.SerializeToString(deterministic=True))
    return path


def protoc(arguments: list[str]) -> None:
    """Runs protoc, or ends with its message."""
    # The plug-ins (protoc-gen-mypy) lie beside the interpreter, which need not be on the PATH.
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    command = [sys.executable, "-m", "grpc_tools.protoc", *arguments]
    result = subprocess.run(command, cwd=PROTOS, env={"PATH": path}, check=False)
    if result.returncode:
        raise SystemExit(f"protoc failed: {' '.join(arguments[:4])} ...")


def generate(target: Path) -> None:
    """Writes the Python package into `target`."""
    with tempfile.TemporaryDirectory() as scratch:
        descriptors = validate_descriptor(Path(scratch))
        contracts = image(Path(scratch), descriptors)
        common = [f"--descriptor_set_in={contracts}"]
        outputs = [f"--python_out={target}", f"--mypy_out=quiet:{target}"]
        target.mkdir(parents=True, exist_ok=True)
        protoc([*common, *outputs, "buf/validate/validate.proto", *sources()])
        services = [name for name in sources() if name.endswith("_service.proto")]
        protoc([*common, f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}", *services])
        write_encoders(target / encoders.PACKAGE, contracts.read_bytes())
    for folder in GENERATED_FOLDERS:
        (target / folder / "py.typed").write_text("")


def write_encoders(target: Path, contracts: bytes) -> None:
    """Writes the functions that make the JSON of devices into `target`."""
    read = model.load(contracts)
    target.mkdir(parents=True)
    (target / "__init__.py").write_text('"""The JSON that devices see, made of contract messages."""\n')
    shutil.copyfile(str(scalars.__file__), target / "scalars.py")
    for name, source in encoders.encoders(read, shown(read)).items():
        (target / name).write_text(source)
    ruff = Path(sys.executable).parent / "ruff"
    options = ["--isolated", "--line-length", "110", "--target-version", "py311"]
    for command in (["check", "--select", "I", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([ruff, *command, *options, str(target)], check=True)


def shown(contracts: model.Contracts) -> list[str]:
    """The messages that devices see: what methods for people answer, and what events tell."""
    answers = [
        method.response
        for method in contracts.methods.values()
        if not contracts.option(method.options, "fynlo.common.v1.service_only")
        or "gateway" in contracts.option(method.options, "fynlo.common.v1.callers")
    ]
    events = [message.full_name for message in contracts.messages.values() if message.module == "events_pb2"]
    return [*answers, *events, "fynlo.orders.v1.Quote"]


def image(scratch: Path, descriptors: Path) -> Path:
    """Compiles all contracts with source information into one descriptor set, which buf and protoc both read.

    Two steps, because protoc takes imports either from sources or from a descriptor set: the sources are
    parsed against the descriptor set of what they import.
    """
    path = scratch / "image.binpb"
    protoc(
        [
            "-I.",
            f"--descriptor_set_in={descriptors}",
            "--include_imports",
            "--include_source_info",
            f"--descriptor_set_out={path}",
            *sources(),
        ]
    )
    return path


def buf(arguments: list[str]) -> int:
    """Runs buf on the local files only; returns its exit code."""
    command = [str(Path(sys.executable).parent / "buf"), *arguments]
    with tempfile.TemporaryDirectory() as home:
        env = {"PATH": "/usr/bin:/bin", "HOME": home}
        return subprocess.run(command, cwd=PROTOS, env=env, check=False, timeout=BUF_SECONDS).returncode


def differences(left: Path, right: Path) -> list[str]:
    """Files that differ between two generations, `__pycache__` aside."""
    found = []
    for folder in GENERATED_FOLDERS:
        names = {
            path.relative_to(root)
            for root in (left, right)
            for path in (root / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        for name in sorted(names):
            a, b = left / name, right / name
            if not (a.exists() and b.exists() and filecmp.cmp(a, b, shallow=False)):
                found.append(str(name))
    return found


def check() -> int:
    """Fresh generation, lint, breaking changes; prints what is wrong and returns how many checks failed."""
    failures = 0
    with tempfile.TemporaryDirectory() as scratch_name:
        scratch = Path(scratch_name)
        generate(scratch / "python")
        stale = differences(scratch / "python", PACKAGE)
        if stale:
            print("generated code is not fresh; run `make protos`:", *stale, sep="\n  ")
            failures += 1
        current = image(scratch, validate_descriptor(scratch))
        failures += buf(["lint", str(current), "--config", "buf.yaml"]) != 0
        failures += buf(["breaking", str(current), "--against", str(RELEASED), "--config", "buf.yaml"]) != 0
    print("contracts: " + ("ok" if not failures else f"{failures} check(s) failed"))
    return failures


def main(arguments: list[str]) -> int:
    """See the module's text."""
    match arguments:
        case ["generate"]:
            for folder in GENERATED_FOLDERS:
                shutil.rmtree(PACKAGE / folder, ignore_errors=True)
            generate(PACKAGE)
            return 0
        case ["check"]:
            return check()
        case ["release"]:
            with tempfile.TemporaryDirectory() as scratch:
                current = image(Path(scratch), validate_descriptor(Path(scratch)))
                RELEASED.parent.mkdir(exist_ok=True)
                shutil.copyfile(current, RELEASED)
            return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
