"""Mutual TLS between our processes: both ends show a certificate of the same private authority."""

import ssl

import grpc

from chassis.process.settings import IdentitySettings


def server_credentials(settings: IdentitySettings) -> grpc.ServerCredentials | None:
    """What a gRPC server listens with; None where the settings name no certificate. Raises OSError."""
    files = _files(settings)
    if files is None:
        return None
    key, certificate, authority = files
    return grpc.ssl_server_credentials([(key, certificate)], authority, require_client_auth=True)


def channel_credentials(settings: IdentitySettings) -> grpc.ChannelCredentials | None:
    """What a gRPC channel is opened with; None where the settings name no certificate. Raises OSError."""
    files = _files(settings)
    if files is None:
        return None
    key, certificate, authority = files
    return grpc.ssl_channel_credentials(authority, key, certificate)


def client_context(settings: IdentitySettings) -> ssl.SSLContext | None:
    """What a plain socket connects with; None where the settings name no certificate.

    Raises OSError, SSLError.
    """
    return _context(settings, ssl.PROTOCOL_TLS_CLIENT)


def server_context(settings: IdentitySettings) -> ssl.SSLContext | None:
    """What a plain socket listens with, asking for a certificate; None where the settings name none.

    Raises OSError, SSLError.
    """
    return _context(settings, ssl.PROTOCOL_TLS_SERVER)


def _context(settings: IdentitySettings, protocol: int) -> ssl.SSLContext | None:
    if settings.tls_certificate_file is None or settings.tls_key_file is None:
        return None
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.tls_certificate_file, settings.tls_key_file)
    context.load_verify_locations(settings.tls_ca_file)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _files(settings: IdentitySettings) -> tuple[bytes, bytes, bytes] | None:
    key, certificate, authority = (
        settings.tls_key_file,
        settings.tls_certificate_file,
        settings.tls_ca_file,
    )
    if key is None or certificate is None or authority is None:
        return None
    return key.read_bytes(), certificate.read_bytes(), authority.read_bytes()
