"""PostgreSQL and nginx of Debian on a real machine, run by the example charms in docs/examples."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.hosts.host import Host
from tests.hosts.layout import add_unit, charm_directory, take_any_load
from tests.hosts.rootfs import PACKAGES, Rootfs
from tests.support.authors import (
    CHARMHELPERS,
    JUJU_TOOLS,
    TOOL,
    VERSIONS,
    installed,
    python_of,
)
from tests.support.tree import ROOT

ROOTFS = Rootfs(
    packages=(
        *PACKAGES,
        'monitoring-plugins-basic',
        'nginx-light',
        'postgresql',
        'python3-yaml',
    )
)
_TOOLS = Path('/opt/hook-tools')


class Principal:
    """A unit of an example charm on a machine, whose hooks a test runs as root, as Juju does.

    Args:
        host: the machine; its root file system has to be `ROOTFS`.
        unit: its name; the application's is that of the example.
    """

    def __init__(self, host: Host, unit: str) -> None:
        self.host = host
        self.unit = unit
        example = ROOT / 'docs' / 'examples' / unit.split('/')[0]
        with tempfile.TemporaryDirectory() as scratch:
            whole = Path(scratch) / 'charm'
            shutil.copytree(example, whole)
            ignored = shutil.ignore_patterns('__pycache__')
            shutil.copytree(ROOT / 'charm', whole / 'charm', ignore=ignored)
            place = installed(python_of(VERSIONS[-1]), CHARMHELPERS)
            shutil.copytree(place / 'charmhelpers', whole / 'lib' / 'charmhelpers')
            add_unit(host, unit, whole)
        tools = host.root / _TOOLS.relative_to('/')
        (tools / 'answers').mkdir(parents=True)
        for name in JUJU_TOOLS:
            (tools / name).write_text(TOOL)
            (tools / name).chmod(0o755)
        take_any_load(host)
        self.answer('relation-ids', '[]')
        self.answer('config-get', '{}')

    def answer(self, call: str, text: str) -> None:
        """Have a hook tool answer so; `call` is `relation-ids.db` for the last argument `db`."""
        (self.host.root / _TOOLS.relative_to('/') / 'answers' / call).write_text(text)

    def relate(self, endpoint: str, unit: str, data: str) -> None:
        """Have Juju know a relation with one unit, whose settings are `data`, a JSON object."""
        identity = f'{endpoint}:0'
        self.answer(f'relation-ids.{endpoint}', f'["{identity}"]')
        self.answer(f'relation-list.{identity}', f'["{unit}"]')
        self.answer(f'relation-get.{unit.replace("/", "_")}', data)

    def part(self, endpoint: str) -> None:
        """Have Juju know that relation no more."""
        self.answer(f'relation-ids.{endpoint}', '[]')

    def hook(self, name: str) -> subprocess.CompletedProcess[bytes]:
        """Run a hook of the charm."""
        charm = charm_directory(self.unit)
        environment = {
            'PATH': f'{_TOOLS}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
            'HOOK_CALLS': str(_TOOLS / 'calls'),
            'HOOK_ANSWERS': str(_TOOLS / 'answers'),
            'JUJU_CHARM_DIR': str(charm),
            'CHARM_DIR': str(charm),
            'JUJU_UNIT_NAME': self.unit,
            'JUJU_HOOK_NAME': name,
        }
        words = [f'{key}={value}' for key, value in environment.items()]
        command = shlex.join(['env', *words, str(charm / 'hooks' / 'run')])
        return self.host.run(f'cd {charm} && exec {command}')

    def must(self, name: str) -> None:
        """Run a hook that has to succeed."""
        done = self.hook(name)
        assert done.returncode == 0, done.stderr.decode()


def certify(host: Host, days: int) -> None:
    """Give nginx a certificate that is good for so many days from now; it has to be told."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'site')])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now + timedelta(days=days, hours=1))
        .sign(key, hashes.SHA256())
    )
    nginx = host.root / 'etc' / 'nginx'
    (nginx / 'site.crt').write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (nginx / 'site.key').write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@contextmanager
def small_disk(host: Host, where: str, size_bytes: int) -> Iterator[None]:
    """Mount a new ext4 file system of that size on the machine, for the time of the block."""
    image = host.root.parent / 'disk.img'
    with image.open('wb') as file:
        file.truncate(size_bytes)
    subprocess.run(['mkfs.ext4', '-q', '-m', '0', str(image)], check=True)
    attach = ['losetup', '--find', '--show', str(image)]
    device = subprocess.run(attach, check=True, capture_output=True, text=True).stdout.strip()
    number = device.removeprefix('/dev/loop')
    # The machine has no loop devices of its own, so this one is made known to it.
    host.must(f'mkdir -p {where} && mknod {device} b 7 {number} && mount {device} {where}')
    try:
        yield
    finally:
        host.run(f'umount -l {where}; rm -f {device}')
        subprocess.run(['losetup', '--detach', device], check=True)
        image.unlink()
