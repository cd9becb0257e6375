"""The base of every process's settings. A process reads its environment here and nowhere else.

A service subclasses ``ServiceSettings``, gives ``service_name`` a default and adds its own variables and the
addresses of its peers (``catalog_address: str``). A required variable has no default.
"""

import json
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICE_KEY_CHARS = 43


class IdentitySettings(BaseSettings):
    """Who a process is: its name, its key, its certificate, and by which keys it knows the others."""

    model_config = SettingsConfigDict(
        env_prefix="FYNLO_", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    service_name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")
    service_key: SecretStr = Field(min_length=SERVICE_KEY_CHARS, max_length=SERVICE_KEY_CHARS)
    """Private Ed25519 key of this process (32 bytes, base64url): it calls its peers as itself with it."""
    service_public_keys: dict[str, list[str]] = Field(default_factory=dict)
    """Public keys by process (JSON): {"orders": ["..."]}. Several for one process let its key rotate without
    downtime: first the new public key everywhere, then the new private one, then the old public one goes."""

    tls_certificate_file: Path | None = None
    tls_key_file: Path | None = None
    tls_ca_file: Path | None = None
    """All three: gRPC and the device sockets speak mutual TLS, and so do NATS and Valkey where their
    addresses say so. None of them: plaintext, for one host or a mesh that encrypts."""

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        given = [self.tls_certificate_file, self.tls_key_file, self.tls_ca_file]
        if any(given) and not all(given):
            raise ValueError("mutual TLS needs the certificate, the key and the CA file, or none of them")
        return self


class ProcessSettings(IdentitySettings):
    """What any process needs beside its identity: its ports, where logs and traces go."""

    jwks: str | None = None
    """The public keys of auth's access tokens, a JWK set (RFC 7517): a process that starts while auth is away
    verifies tokens by them. What auth answers replaces them, so that keys can rotate.
    """

    bind_host: str = "127.0.0.1"
    admin_port: int = Field(ge=0, le=65535)
    """/live, /ready and /metrics. 0: any free port."""

    log_format: Literal["json", "console"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    otlp_endpoint: str | None = None
    """Where sampled spans are sent (OTLP over gRPC). None: none are recorded; trace ids still travel."""
    trace_sample_ratio: float = Field(default=0.01, ge=0, le=1)
    build_version: str = "dev"

    drain_grace_seconds: float = Field(default=10.0, ge=0, le=300)
    """How long requests in flight may take after the stop signal."""
    drain_delay_seconds: float = Field(default=0.0, ge=0, le=60)
    """How long a stopping process stays reachable while reporting "not ready"; for slow load balancers."""
    dependency_wait_seconds: float = Field(default=60.0, ge=0, le=600)
    """How long a starting process waits for Postgres or NATS before it gives up."""

    @field_validator("jwks")
    @classmethod
    def _keys_are_public(cls, jwks: str | None) -> str | None:
        if jwks is None:
            return None
        try:
            keys = json.loads(jwks)["keys"]
            private = any("d" in key for key in keys)
        except (ValueError, TypeError, KeyError):
            raise ValueError('a JWK set is needed: {"keys": [...]}') from None
        if private:
            raise ValueError("there is a private key in it: only auth may have those")
        return jwks


class BusSettings(ProcessSettings):
    """What a process that is connected to NATS needs on top."""

    nats_url: str = Field(repr=False)
    """nats://user:password@host:port; tls:// for mutual TLS with the certificate of this process."""
    nats_api_prefix: str = Field(default="$JS.API", min_length=1)
    """Where JetStream answers: under which subject the account of this process has imported it."""


class RpcSettings(BusSettings):
    """What a process that serves gRPC needs on top."""

    grpc_port: int = Field(ge=0, le=65535)
    grpc_reflection: bool = False
    """Lists the methods to whoever asks: development only."""
    grpc_max_connection_age_seconds: float = Field(default=0, ge=0)
    """Connections are closed gracefully at this age so that load spreads over new replicas. 0: never."""
    grpc_max_concurrent_calls: int = Field(default=1_000, ge=1)


class ServiceSettings(RpcSettings):
    """What a service with a schema needs on top."""

    database_url: str = Field(repr=False)
    """postgresql://role:password@host:port/database with the service's own role."""
    database_pool_size: int = Field(default=10, ge=1, le=100)
