"""Settings: what is required is required, what is secret stays secret."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from chassis.process.settings import ServiceSettings
from harness.rpc import settings_for_tests

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {
    "FYNLO_SERVICE_NAME": "orders",
    "FYNLO_SERVICE_KEY": "canary-secret-key-of-forty-three-characters",
    "FYNLO_DATABASE_URL": "postgresql://fynlo_orders:canary-password@127.0.0.1:1/x",
    "FYNLO_NATS_URL": "nats://user:canary-nats@127.0.0.1:1",
    "FYNLO_GRPC_PORT": "0",
    "FYNLO_ADMIN_PORT": "0",
}


def read_by_a_process(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    read = "from chassis.process.settings import ServiceSettings; s = ServiceSettings()"
    code = f"{read}; print(s, s.trace_sample_ratio)"
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_environment_is_read_and_no_secret_is_shown() -> None:
    done = read_by_a_process(ENVIRONMENT)
    assert done.returncode == 0, done.stderr
    assert "service_name='orders'" in done.stdout
    assert done.stdout.endswith(" 0.01\n")
    assert "canary" not in done.stdout


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_what_has_no_default_must_be_given(name: str) -> None:
    done = read_by_a_process({key: value for key, value in ENVIRONMENT.items() if key != name})
    assert done.returncode != 0
    assert name.removeprefix("FYNLO_").lower() in done.stderr
    assert "canary" not in done.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        {"service_key": "short"},
        {"service_name": "Orders"},
        {"service_name": "orders.v1"},
        {"grpc_port": 65_536},
        {"admin_port": -1},
        {"trace_sample_ratio": 1.5},
        {"log_format": "xml"},
        {"drain_grace_seconds": -1},
        {"jwks": "no JSON"},
        {"jwks": "[]"},
        {"jwks": '{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "AA"}]}'},
        {"tls_key_file": Path("key.pem")},
        {"tls_key_file": Path("key.pem"), "tls_certificate_file": Path("certificate.pem")},
    ],
)
def test_a_value_that_cannot_work_is_refused_at_start(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings_for_tests(**wrong)


def test_settings_do_not_change_while_a_process_runs() -> None:
    settings: ServiceSettings = settings_for_tests()
    with pytest.raises(ValidationError):
        settings.grpc_port = 1
