"""Generates what is made of the contracts in `protos/`, lints and checks them against the released image.

python -m tools.protos generate   write protos/python (stubs included) and gateway/rest
python -m tools.protos check      fail when either differs from a fresh generation, on lint errors,
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

from google.api import annotations_pb2
from google.protobuf import descriptor_pb2
from protovalidate._gen.buf.validate import validate_pb

from tools.contracts import encoders, write

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
PACKAGE = PROTOS / "python"
REST = ROOT / "gateway" / "rest"
RELEASED = PROTOS / "released" / "contracts.binpb"
GENERATED_FOLDERS = ("fynlo", "buf", encoders.PACKAGE)
BUF_SECONDS = 120
# What the contracts import beside their own: of grpcio-tools and of googleapis-common-protos.
WELL_KNOWN = (
    "protobuf/descriptor",
    "protobuf/duration",
    "protobuf/field_mask",
    "protobuf/struct",
    "protobuf/timestamp",
    "api/annotations",
)


def sources() -> list[str]:
    """Every contract file, relative to protos/."""
    return sorted(str(path.relative_to(PROTOS)) for path in (PROTOS / "fynlo").rglob("*.proto"))


def well_known_includes() -> Path:
    """The google/protobuf sources that come with grpcio-tools."""
    return Path(str(importlib.resources.files("grpc_tools") / "_proto"))


def api_includes() -> Path:
    """The google/api sources that come with googleapis-common-protos."""
    return Path(str(annotations_pb2.__file__)).parents[2]


def validate_descriptor(target: Path) -> Path:
    """Writes the descriptor of validate.proto, which exists only inside the protovalidate wheel."""
    well_known = target / "well_known.binpb"
    protoc(
        [
            f"-I{well_known_includes()}",
            f"-I{api_includes()}",
            "--include_imports",
            f"--descriptor_set_out={well_known}",
            *(f"google/{name}.proto" for name in WELL_KNOWN),
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


def generate(target: Path, rest: Path) -> None:
    """Writes the Python package into `target`, and the routes of REST into `rest`."""
    with tempfile.TemporaryDirectory() as scratch:
        descriptors = validate_descriptor(Path(scratch))
        contracts = image(Path(scratch), descriptors)
        common = [f"--descriptor_set_in={contracts}"]
        outputs = [f"--python_out={target}", f"--mypy_out=quiet:{target}"]
        target.mkdir(parents=True, exist_ok=True)
        protoc([*common, *outputs, "buf/validate/validate.proto", *sources()])
        services = [name for name in sources() if name.endswith("_service.proto")]
        protoc([*common, f"--grpc_python_out={target}", f"--mypy_grpc_out=quiet:{target}", *services])
        write.json_package(target / encoders.PACKAGE, contracts.read_bytes())
        write.rest_package(rest, contracts.read_bytes())
    for folder in GENERATED_FOLDERS:
        (target / folder / "py.typed").write_text("")


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
    """Files that differ between two folders, `__pycache__` aside."""
    names = {
        path.relative_to(root)
        for root in (left, right)
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return [str(right / name) for name in sorted(names) if not _same(left / name, right / name)]


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and filecmp.cmp(one, other, shallow=False)


def check() -> int:
    """Fresh generation, lint, breaking changes; prints what is wrong and returns how many checks failed."""
    failures = 0
    with tempfile.TemporaryDirectory() as scratch_name:
        scratch = Path(scratch_name)
        generate(scratch / "python", scratch / "rest")
        stale = differences(scratch / "rest", REST)
        for folder in GENERATED_FOLDERS:
            stale += differences(scratch / "python" / folder, PACKAGE / folder)
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
            # In one move at the end: what stops on its way leaves what was there.
            with tempfile.TemporaryDirectory(dir=PROTOS) as scratch:
                fresh = Path(scratch)
                generate(fresh / "python", fresh / "rest")
                for folder in GENERATED_FOLDERS:
                    shutil.rmtree(PACKAGE / folder, ignore_errors=True)
                    (fresh / "python" / folder).rename(PACKAGE / folder)
                shutil.rmtree(REST, ignore_errors=True)
                (fresh / "rest").rename(REST)
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
