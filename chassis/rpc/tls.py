"""Mutual TLS between our processes: both ends show a certificate of the same private authority."""

import grpc

from chassis.settings import ProcessSettings


def server_credentials(settings: ProcessSettings) -> grpc.ServerCredentials | None:
    """What a gRPC server listens with; None where the settings name no certificate. Raises OSError."""
    files = _files(settings)
    if files is None:
        return None
    key, certificate, authority = files
    return grpc.ssl_server_credentials([(key, certificate)], authority, require_client_auth=True)


def channel_credentials(settings: ProcessSettings) -> grpc.ChannelCredentials | None:
    """What a gRPC channel is opened with; None where the settings name no certificate. Raises OSError."""
    files = _files(settings)
    if files is None:
        return None
    key, certificate, authority = files
    return grpc.ssl_channel_credentials(authority, key, certificate)


def _files(settings: ProcessSettings) -> tuple[bytes, bytes, bytes] | None:
    key, certificate, authority = (
        settings.tls_key_file,
        settings.tls_certificate_file,
        settings.tls_ca_file,
    )
    if key is None or certificate is None or authority is None:
        return None
    return key.read_bytes(), certificate.read_bytes(), authority.read_bytes()
