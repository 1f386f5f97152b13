"""Deployment packages, unpacked once per content and shared read-only, as /var/task and /opt are on AWS."""

import hashlib
import io
import shutil
import stat
import threading
import zipfile
from pathlib import Path

_lock = threading.Lock()


def unpacked(package: bytes, under: Path) -> Path:
    """Return the directory with what the zip `package` holds, unpacking it on first use."""
    home = under / hashlib.sha256(package).hexdigest()[:32]
    with _lock:
        if not home.exists():
            half = home.with_suffix(".half")
            shutil.rmtree(half, ignore_errors=True)
            _unpack(package, half)
            half.rename(home)
    return home


def _unpack(package: bytes, into: Path) -> None:
    into.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        for entry in archive.infolist():
            path = Path(archive.extract(entry, into))  # which keeps entries inside `into`
            mode = stat.S_IMODE(entry.external_attr >> 16)
            if mode and not entry.is_dir():
                path.chmod(mode | stat.S_IRUSR)
