"""The base of every process's settings. A process reads its environment here and nowhere else.

A service subclasses ``ServiceSettings``, gives ``service_name`` a default and adds its own variables and the
addresses of its peers (``catalog_address: str``). A required variable has no default.
"""

import json
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICE_SECRET_MIN_CHARS = 32


class ProcessSettings(BaseSettings):
    """What any process needs: its name, its ports, its secret, where logs and traces go."""

    model_config = SettingsConfigDict(
        env_prefix="FYNLO_", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    service_name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")
    service_secret: SecretStr = Field(min_length=SERVICE_SECRET_MIN_CHARS)
    """Shared between the services; signs the identity that a service calls its peers with."""
    service_secret_previous: SecretStr | None = Field(default=None, min_length=SERVICE_SECRET_MIN_CHARS)
    """Accepted, never used for signing: lets the secret rotate without downtime."""

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

    tls_certificate_file: Path | None = None
    tls_key_file: Path | None = None
    tls_ca_file: Path | None = None
    """All three: gRPC speaks mutual TLS. None of them: plaintext, for one host or a mesh that encrypts."""

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

    @model_validator(mode="after")
    def _tls_is_whole(self) -> Self:
        given = [self.tls_certificate_file, self.tls_key_file, self.tls_ca_file]
        if any(given) and not all(given):
            raise ValueError("mutual TLS needs the certificate, the key and the CA file, or none of them")
        return self


class ServiceSettings(ProcessSettings):
    """What a service with a schema, a stream and a gRPC port needs on top."""

    database_url: str = Field(repr=False)
    """postgresql://role:password@host:port/database with the service's own role."""
    nats_url: str = Field(repr=False)
    redis_url: str | None = Field(default=None, repr=False)
    database_pool_size: int = Field(default=10, ge=1, le=100)

    grpc_port: int = Field(ge=0, le=65535)
    grpc_reflection: bool = False
    """Lists the methods to whoever asks: development only."""
    grpc_max_connection_age_seconds: float = Field(default=0, ge=0)
    """Connections are closed gracefully at this age so that load spreads over new replicas. 0: never."""
    grpc_max_concurrent_calls: int = Field(default=1_000, ge=1)
