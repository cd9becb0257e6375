"""The process list: what each process is told, and what it is not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.keys import IMAGES, kept_secrets
from deploy.local.plan import Plan, Urls, fingerprint, port_name, service_ports
from deploy.local.provision import SERVICES
from deploy.local.settings import (
    IMAGE_SECRETS,
    MAIL_SECRETS,
    REPOSITORY,
    LocalSettings,
    ServerPorts,
    local_settings,
    port_variable,
)
from deploy.local.supervisor import Step

URLS = Urls("postgresql://admin:secret@db.example:5432/fynlo?sslmode=require", "nats://n", "redis://r")


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    settings = LocalSettings(tmp_path, ServerPorts(), None, None, None, coloured=False, reset_agreed=False)
    return Plan(settings, kept_secrets(tmp_path), URLS, service_ports())


def test_each_service_gets_its_own_role_and_nobody_elses(plan: Plan) -> None:
    for program in plan.services():
        own = f"fynlo_{program.name}"
        url = program.command.env["FYNLO_DATABASE_URL"]
        assert (
            url == f"postgresql://{own}:{plan.secrets.passwords[own]}@db.example:5432/fynlo?sslmode=require"
        )
        held = [
            role
            for role, secret in plan.secrets.passwords.items()
            if secret in json.dumps(dict(program.command.env))
        ]
        assert held == [own]


def test_only_auth_holds_the_signing_keys_and_the_gateway_no_database(plan: Plan) -> None:
    programs = [*plan.services(), plan.gateway()]
    assert [p.name for p in programs if "FYNLO_AUTH_SIGNING_KEYS" in p.command.env] == ["auth"]
    assert "FYNLO_DATABASE_URL" not in plan.gateway().command.env
    assert not [p.name for p in programs if "FYNLO_OWNER_DATABASE_URL" in p.command.env]


def test_no_process_is_given_a_secret_of_another(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "DATABASE_URL",
        "NATS_URL",
        "REDIS_URL",
        "SERVICE_KEY",
        "SERVICE_SECRET",
        "AUTH_SIGNING_KEYS",
    ):
        monkeypatch.setenv(f"FYNLO_{name}", f"canary of the operator's {name}")
    ours = replace(plan, urls=replace(plan.urls, own_nats=True, own_redis=True))
    programs = [*ours.services(), ours.gateway()]
    told = {program.name: json.dumps(dict(program.command.env)) for program in programs}
    told |= {step.command.name: json.dumps(dict(step.command.env)) for step in (ours.migrate(), *ours.seed())}
    for kind in (ours.secrets.service_keys, ours.secrets.bus_passwords, ours.secrets.valkey_passwords):
        for owner, secret in kind.items():
            assert [name for name, env in told.items() if secret in env] == [owner]
    assert set(ours.secrets.service_keys) <= set(told)
    assert not [name for name, env in told.items() if "canary" in env]
    assert ours.secrets.signing_keys["keys"][0]["d"] not in told["gateway"] + told["realtime"] + told["seed"]


def test_only_auth_holds_what_a_mail_server_asks_for(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in MAIL_SECRETS:
        monkeypatch.setenv(name, "hush-hush")
    programs = [*plan.services(), plan.gateway()]
    assert [p.name for p in programs if "hush-hush" in p.command.env.values()] == ["auth"]
    assert {p.command.env["FYNLO_MAIL_ADAPTER"] for p in programs} == {"local"}


def test_catalog_and_gateway_alone_know_addresses_of_uploads_or_catalog_alone_the_bucket(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def holding(of: Plan, secret: str) -> list[str]:
        programs = [*of.services(), of.gateway()]
        return [p.name for p in programs if secret in p.command.env.values()]

    for name in IMAGE_SECRETS:
        monkeypatch.setenv(name, "hush-hush")
    shared = plan.secrets.shared[IMAGES]
    assert (
        holding(plan, shared)
        == holding(plan, str(plan.settings.data_dir / "images"))
        == ["catalog", "gateway"]
    )
    in_bucket = replace(plan, settings=replace(plan.settings, images_in_bucket=True))
    assert (holding(in_bucket, shared), holding(in_bucket, "hush-hush")) == ([], ["catalog"])


def test_where_mail_leaves_this_machine_there_is_no_demo(plan: Plan) -> None:
    assert len([*plan.seed()]) == 1
    assert [*replace(plan, settings=replace(plan.settings, mail_adapter="smtp")).seed()] == []


def test_everybody_holds_the_public_keys_and_nothing_of_the_secret(plan: Plan) -> None:
    [signing] = plan.secrets.signing_keys["keys"]
    for program in (*plan.services(), plan.gateway()):
        [known] = json.loads(program.command.env["FYNLO_JWKS"])["keys"]
        assert (known["kid"], known["x"]) == (signing["kid"], signing["x"])
        assert signing["d"] not in program.command.env["FYNLO_JWKS"]


def test_everybody_finds_every_service_where_it_listens(plan: Plan) -> None:
    listening = {program.name: program.command.env["FYNLO_GRPC_PORT"] for program in plan.services()}
    assert set(listening) == set(SERVICES)
    for program in (*plan.services(), plan.gateway()):
        for service, port in listening.items():
            assert program.command.env[f"FYNLO_{service.upper()}_ADDRESS"] == f"127.0.0.1:{port}"


def test_the_gateways_pages_may_open_sockets_unless_somebody_names_others(plan: Plan) -> None:
    def origins(of: Plan) -> list[str]:
        told = {program.name: program.command.env.get("FYNLO_ALLOWED_ORIGINS") for program in of.services()}
        found: list[str] = json.loads(told["realtime"] or "[]")
        return found

    assert origins(plan) == ["http://127.0.0.1:8080", "http://localhost:8080"]
    named = replace(plan.settings, allowed_origins='["https://till.example"]')
    assert origins(replace(plan, settings=named)) == ["https://till.example"]


def test_no_two_ports_are_the_same_and_each_has_its_variable() -> None:
    ports = service_ports()
    numbers = [number for uses in ports.values() for number in uses.values()]
    assert len(set(numbers)) == len(numbers)
    variables = {port_variable(port_name(name, use)) for name, uses in ports.items() for use in uses}
    expected = {f"FYNLO_{name.upper()}_PORT" for name in (*SERVICES, "gateway")}
    expected |= {f"FYNLO_{name.upper()}_ADMIN_PORT" for name in (*SERVICES, "gateway")}
    assert variables == expected | {"FYNLO_REALTIME_SOCKET_PORT"}


def test_replicas_are_one_process_to_everybody_else_and_calls_are_shared_out(plan: Plan) -> None:
    two = replace(plan, settings=replace(plan.settings, replicas=2), ports=service_ports(2))
    programs = {program.name: program for program in (*two.services(), *two.gateways())}
    assert list(programs) == [*SERVICES, *(f"{service}-2" for service in SERVICES), "gateway", "gateway-2"]
    ports = [number for program in programs.values() for number in program.ports.values()]
    assert len(set(ports)) == len(ports)
    for service in (*SERVICES, "gateway"):
        first, second = (dict(programs[name].command.env) for name in (service, f"{service}-2"))
        own = {name for name in first if first[name] != second[name]}
        assert {name for name in own if not name.endswith(("_PORT", "_SOCKET_ADDRESS"))} == set()
        for peer in SERVICES:
            listens = [programs[name].ports["grpc"] for name in (peer, f"{peer}-2")]
            each = ",".join(f"127.0.0.1:{port}" for port in listens)
            assert first[f"FYNLO_{peer.upper()}_ADDRESS"] == f"ipv4:{each}"
    sockets = [programs[name].ports["socket"] for name in ("realtime", "realtime-2")]
    tunnels = [
        programs[name].command.env["FYNLO_REALTIME_SOCKET_ADDRESS"] for name in ("gateway", "gateway-2")
    ]
    assert tunnels == [f"127.0.0.1:{port}" for port in sockets]
    origins = json.loads(programs["realtime"].command.env["FYNLO_ALLOWED_ORIGINS"])
    assert {f"http://127.0.0.1:{programs[name].ports['http']}" for name in ("gateway", "gateway-2")} < set(
        origins
    )


@pytest.mark.parametrize("text", ["0", "4", "-1", "two", "1.5", "²"])
def test_replicas_are_a_number_within_the_limit(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FYNLO_REPLICAS", text)
    with pytest.raises(ValueError, match=r"FYNLO_REPLICAS is .* from 1 to 3"):
        local_settings()


def test_replicas_without_names_of_their_own_speak_no_tls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FYNLO_REPLICAS", "2")
    assert local_settings().replicas == 2
    monkeypatch.setenv("FYNLO_TLS_DIR", str(tmp_path))
    with pytest.raises(ValueError, match="FYNLO_REPLICAS and FYNLO_TLS_DIR"):
        local_settings()


def test_a_foreign_database_is_migrated_at_every_start(plan: Plan, tmp_path: Path) -> None:
    assert plan.migrate().fingerprint is not None
    settings = LocalSettings(
        tmp_path, ServerPorts(), URLS.database, None, None, coloured=False, reset_agreed=False
    )
    foreign: Step = Plan(settings, plan.secrets, URLS, plan.ports).migrate()
    assert foreign.fingerprint is None


def test_a_changed_migration_changes_the_fingerprint() -> None:
    files = [REPOSITORY / "deploy" / "__init__.py", REPOSITORY / "chassis" / "__init__.py"]
    assert fingerprint(files) == fingerprint(files[::-1])
    assert len({fingerprint(files), fingerprint(files[:1]), fingerprint(files[1:]), fingerprint([])}) == 4
