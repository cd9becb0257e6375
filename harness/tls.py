"""For tests of mutual TLS: an authority that signs certificates for 127.0.0.1."""

import ipaddress
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chassis.clock import SystemClock


class Authority:
    """A private certificate authority in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.certificate = self._signed(self.name, self.key, authority=True)
        self.ca_file = self._write(
            f"{name}-ca.pem", self.certificate.public_bytes(serialization.Encoding.PEM)
        )

    def files(self, service: str) -> dict[str, Path]:
        """Settings of a process whose certificate this authority signed."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, service)])
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        certificate = self._signed(name, key, authority=False).public_bytes(serialization.Encoding.PEM)
        return {
            "tls_ca_file": self.ca_file,
            "tls_key_file": self._write(f"{service}.key", pem),
            "tls_certificate_file": self._write(f"{service}.pem", certificate),
        }

    def folder_for(self, processes: Iterable[str]) -> Path:
        """A folder as FYNLO_TLS_DIR names it, with a certificate for each of ``processes``."""
        for process in processes:
            self.files(process)
        self.ca_file.rename(self.folder / "ca.pem")
        return self.folder

    def _signed(
        self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *, authority: bool
    ) -> x509.Certificate:
        now = SystemClock().now()
        builder = (
            x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key.public_key())
        )
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        return builder.add_extension(names, critical=False).sign(self.key, hashes.SHA256())

    def _write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path
