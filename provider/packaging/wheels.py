"""The wheels whose files go into the zips: exactly those whose hash stands in a requirements file.

Pip fetches them from whatever index it is configured with; a wheel is used only when its hash is pinned, so it
does not matter which index that is. Once the cache holds every pinned wheel, no network is used.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile

from provider.packaging.archive import Entry, read
from provider.packaging.artifact import Architecture
from provider.packaging.errors import DownloadError, UnpinnedError, WrongWheelError

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The managed runtimes a zip runs on; file names of compiled modules differ, so they lie side by side."""

MACHINES = {Architecture.ARM64: "aarch64", Architecture.X86_64: "x86_64"}
"""What Linux calls the machine that Lambda calls by another name."""

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[A-Za-z0-9.+!]+)(?P<hashes>(\s+--hash=sha256:[0-9a-f]{64})+)"
)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file of the cache whose hash is pinned."""

    path: Path

    @property
    def fits_every_machine(self) -> bool:
        """Whether nothing in it is compiled, as its name says."""
        return self.path.stem.endswith("-any")

    def fits(self, architecture: Architecture) -> bool:
        """Whether it can run there."""
        return self.fits_every_machine or self.path.stem.endswith(f"_{MACHINES[architecture]}")

    def files(self) -> dict[str, Entry]:
        """What it holds, by name."""
        try:
            return read(self.path)
        except BadZipFile as error:
            raise WrongWheelError(f"{self.path.name} is no wheel ({error})") from error


def pinned_hashes(file: Path) -> frozenset[str]:
    """The sha256 of every wheel that a requirements file names.

    Raises:
        UnpinnedError: a line names no exact version or no hash.
    """
    lines = (line for line in file.read_text().splitlines() if not line.lstrip().startswith("#"))
    pins = [pin for pin in "\n".join(lines).replace("\\\n", " ").splitlines() if pin.strip()]
    for pin in pins:
        if not _PIN.fullmatch(pin.strip()):
            raise UnpinnedError(file, pin.split()[0])
    return frozenset(re.findall(r"sha256:([0-9a-f]{64})", "\n".join(pins)))


def wheels(file: Path, cache: Path) -> tuple[Wheel, ...]:
    """Every wheel that a requirements file names, sorted by name; downloads what the cache lacks.

    Raises:
        DownloadError: pip failed, or what it fetched is not all that is named.
    """
    wanted = pinned_hashes(file)
    if not wanted <= _held(cache).keys():
        _download(file, cache, wanted)
    held = _held(cache)
    missing = wanted - held.keys()
    if missing:
        raise DownloadError(file, f"no wheel for {', '.join(PYTHONS)} has the hash {min(missing)}")
    return tuple(Wheel(path) for path in sorted(held[digest] for digest in wanted))


def _held(cache: Path) -> dict[str, Path]:
    return {sha256(path.read_bytes()).hexdigest(): path for path in sorted(cache.glob("*.whl"))}


def _download(file: Path, cache: Path, wanted: frozenset[str]) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    # A folder of its own, so that two builds at once never see half a wheel.
    with tempfile.TemporaryDirectory(dir=cache) as fetched:
        for platform in _platforms():
            _pip(file, Path(fetched), platform)
            for wheel in Path(fetched).glob("*.whl"):
                wheel.replace(cache / wheel.name)
            if wanted <= _held(cache).keys():
                return


def _platforms() -> Iterator[tuple[str, ...]]:
    for machine in MACHINES.values():
        for python in PYTHONS:
            yield ("--python-version", python, "--platform", f"manylinux2014_{machine}")


def _pip(file: Path, into: Path, platform: tuple[str, ...]) -> None:
    options = ("--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "--implementation=cp", *platform)
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(into), "--requirement", str(file)]
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        raise DownloadError(file, done.stderr)
