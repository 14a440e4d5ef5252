"""A certificate authority for one run: good certificates, and bad ones on purpose."""

import datetime
import ipaddress
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)
HERE = ("localhost", "127.0.0.1")


def _name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _write_private(path, text):
    path.touch(mode=0o600)
    path.write_bytes(text)


class Certificate:
    """Files in PEM: `certificate`, its `key`, and `both` in one, as Kafka's and Redis' servers want it."""

    def __init__(self, folder, name, certificate, key, passphrase=None):
        self.name = name
        self.certificate, self.key, self.both = (folder / f"{name}{end}" for end in (".pem", ".key", ".both.pem"))
        protection = serialization.NoEncryption()
        if passphrase:
            protection = serialization.BestAvailableEncryption(passphrase.encode())
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
        public = certificate.public_bytes(serialization.Encoding.PEM)
        self.certificate.write_bytes(public)
        _write_private(self.key, private)
        _write_private(self.both, private + public)


class Authority:
    def __init__(self, folder, name="tests"):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name = pathlib.Path(folder), name
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._sign(name, self._key.public_key(), (-DAY, DAY), [
            (x509.BasicConstraints(ca=True, path_length=None), True)])
        self.certificate = self.folder / f"{name}.ca.pem"
        self.certificate.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, name, hosts=HERE, valid=(-DAY, DAY), passphrase=None):
        """A certificate for `hosts`, valid from and until these moments, seen from now."""
        names = [x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts]
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(name, key.public_key(), valid, [(x509.SubjectAlternativeName(names), False)])
        return Certificate(self.folder, name, certificate, key, passphrase)

    def _sign(self, name, public_key, valid, extensions):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (x509.CertificateBuilder().subject_name(_name(name)).issuer_name(_name(self.name))
                   .public_key(public_key).serial_number(x509.random_serial_number())
                   .not_valid_before(now + valid[0]).not_valid_after(now + valid[1]))  # fmt: skip
        for extension, is_critical in extensions:
            builder = builder.add_extension(extension, is_critical)
        return builder.sign(self._key, hashes.SHA256())
