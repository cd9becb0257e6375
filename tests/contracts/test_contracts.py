"""The published contracts: fresh, lint-clean, unbroken, exampled, and a wheel that stands alone."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from google.protobuf import descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import Descriptor, FileDescriptor

from tools import protos

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("auth", "catalog", "orders", "payments", "staff")


def events() -> list[Descriptor]:
    """Every message of every events.proto."""
    pool = descriptor_pool.Default()
    found: list[Descriptor] = []
    for service in SERVICES:
        __import__(f"fynlo.{service}.v1.events_pb2")
        file: FileDescriptor = pool.FindFileByName(f"fynlo/{service}/v1/events.proto")
        found += file.message_types_by_name.values()
    return found


def test_generated_code_is_fresh_and_the_contracts_are_clean_and_unbroken() -> None:
    assert protos.check() == 0


def test_a_removed_field_breaks_the_released_contract(tmp_path: Path) -> None:
    descriptors = protos.validate_descriptor(tmp_path)
    source = tmp_path / "protos"
    shutil.copytree(protos.PROTOS / "fynlo", source / "fynlo")
    broken = source / "fynlo" / "orders" / "v1" / "orders.proto"
    text = broken.read_text()
    assert "  string station_id = 4;\n" in text
    broken.write_text(text.replace("  string station_id = 4;\n", "", 1))
    image = tmp_path / "broken.binpb"
    protos.protoc(
        [
            f"-I{source}",
            f"--descriptor_set_in={descriptors}",
            "--include_imports",
            f"--descriptor_set_out={image}",
            *protos.sources(),
        ]
    )
    against = ["--against", str(protos.RELEASED), "--config", "buf.yaml"]
    assert protos.buf(["breaking", str(image), *against]) != 0


@pytest.mark.parametrize("event", [pytest.param(event, id=event.name) for event in events()])
def test_every_event_has_a_golden_example(event: Descriptor) -> None:
    example = ROOT / "protos" / "examples" / f"{event.name}.json"
    assert example.exists(), f"{example.relative_to(ROOT)} is missing"
    message = message_factory.GetMessageClass(event)()
    json_format.Parse(example.read_text(), message)
    assert message.ByteSize() > 0


def test_the_wheel_installs_alone_and_imports(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(
        protos.PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info")
    )
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(source)]
    subprocess.run(build, check=True, timeout=120, capture_output=True)
    (wheel,) = tmp_path.glob("fynlo_contracts-*.whl")
    target = tmp_path / "installed"
    subprocess.run(
        [*pip, "install", "--no-deps", "--no-index", "--target", str(target), str(wheel)],
        check=True,
        timeout=120,
        capture_output=True,
    )
    assert (target / "fynlo" / "orders" / "v1" / "orders_pb2.pyi").exists()
    assert (target / "fynlo" / "py.typed").exists()
    code = (
        f"import sys; sys.path[:0] = [{str(target)!r}, {sysconfig.get_paths()['purelib']!r}]\n"
        "from fynlo.orders.v1 import orders_service_pb2_grpc as service, events_pb2\n"
        f"assert service.__file__.startswith({str(target)!r}), service.__file__\n"
        "assert events_pb2.OrderPlaced().SerializeToString() == b''\n"
    )
    # -I: neither this repository nor PYTHONPATH is seen.
    subprocess.run([sys.executable, "-I", "-c", code], check=True, timeout=60, cwd=tmp_path)
