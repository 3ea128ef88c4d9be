"""A subgraph that asks for a certificate: TLS lets nobody else in."""

from __future__ import annotations

import datetime
import ssl
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.conformance.running import free_port, running, spojka


@dataclass(frozen=True)
class Authority:
    """Signs certificates, each for one day, into `folder`."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self.issue(self.name, by=self.name)

    def issue(self, subject: str, *, by: str | None = None) -> tuple[Path, Path]:
        """The certificate and key of `subject`; signed by its own key where it is the authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        signing = key if by == subject else self._key()
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(_named(subject))
            .issuer_name(_named(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=by == subject, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(signing, hashes.SHA256())
        )
        certificate, file = self.folder / f"{subject}.crt", self.folder / f"{subject}.key"
        certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return certificate, file

    def _key(self) -> ec.EllipticCurvePrivateKey:
        content = (self.folder / f"{self.name}.key").read_bytes()
        key = serialization.load_pem_private_key(content, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _whoever_has(ca: Path, pair: tuple[Path, Path] | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(ca))
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # in 1.3 a refusal comes with the first read, as any kind of error
    if pair:
        context.load_cert_chain(*pair)
    return context


def test_only_the_gateways_certificate_comes_in(made: Path, tmp_path: Path) -> None:
    """Neither none, nor one that somebody else signed; the right one needs no secret."""
    ours, others = Authority(tmp_path, "ours"), Authority(tmp_path, "others")
    certificate, key = ours.issue("billing")
    (tmp_path / "spojka.toml").write_text(
        f'[subgraph]\ncertificate = "{certificate}"\nkey = "{key}"\nclient_ca = "{tmp_path}/ours.crt"\n'
    )
    port = free_port()
    url = f"https://localhost:{port}/graphql?query=%7B__typename%7D"
    command = spojka("subgraph", "billing", "--port", str(port), "--data", str(made))
    with running(command, url=f"tcp://127.0.0.1:{port}", cwd=tmp_path):
        request = urllib.request.Request(url, headers={"accept": "application/json"})
        gateway = _whoever_has(tmp_path / "ours.crt", ours.issue("gateway"))
        with urllib.request.urlopen(request, context=gateway, timeout=20) as answer:  # noqa: S310
            assert answer.read() == b'{"data":{"__typename":"Query"}}'
        for pair in (None, others.issue("stranger")):
            with pytest.raises((urllib.error.URLError, OSError)):
                urllib.request.urlopen(  # noqa: S310
                    request, context=_whoever_has(tmp_path / "ours.crt", pair), timeout=20
                )


def test_nothing_is_served_to_other_machines_without_proof(tmp_path: Path) -> None:
    """`--open` is for this machine's own addresses."""
    for options in ([], ["--open", "--host", "0.0.0.0"]):  # noqa: S104 - it is refused
        ran = subprocess.run(
            spojka("subgraph", "billing", "--port", "0", "--data", "data", *options),
            cwd=tmp_path,
            env={"PYTHONPATH": str(Path(__file__).parents[3])},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 2
        assert "nothing tells the gateway from others" in ran.stderr
    assert not (tmp_path / "data").exists()
