"""What a build leaves behind: zips named by their content, and a manifest that lists them."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

MANIFEST = "manifest.json"


class Architecture(StrEnum):
    """What Lambda calls the machines that functions run on."""

    ARM64 = "arm64"
    X86_64 = "x86_64"


class Kind(StrEnum):
    """Which of the two functions a zip is for."""

    PROVIDER = "provider"
    CONTROLLER = "controller"


@dataclass(frozen=True, slots=True)
class Artifact:
    """One zip on disk. `architecture` is None when it runs on every one; `size` is in bytes."""

    kind: Kind
    architecture: Architecture | None
    path: Path
    sha256: str
    size: int

    @property
    def key(self) -> str:
        """Its key in the artifact bucket, which is its file name."""
        return self.path.name

    @property
    def parameter(self) -> str:
        """The template parameter that takes the key; the controller's differs by architecture."""
        return "ProviderKey" if self.kind is Kind.PROVIDER else "ControllerKey"


def content_name(stem: str, content: bytes, suffix: str) -> str:
    """`stem-<first 16 hex digits of the sha256>suffix`: another content has another name, so no name is written twice."""
    return f"{stem}-{sha256(content).hexdigest()[:16]}{suffix}"


def store(directory: Path, kind: Kind, architecture: Architecture | None, content: bytes) -> Artifact:
    """Write a zip under its name into `directory`."""
    stem = kind if architecture is None else f"{kind}-{architecture}"
    path = directory / content_name(stem, content, ".zip")
    _replace(path, content)
    return Artifact(kind, architecture, path, sha256(content).hexdigest(), len(content))


def write_manifest(directory: Path, version: str, artifacts: Sequence[Artifact]) -> Path:
    """Write `manifest.json`: the product's version, and per zip its name, kind, architecture, sha256 and size in bytes."""
    files = [
        {
            "name": artifact.path.name,
            "kind": artifact.kind,
            "architecture": artifact.architecture,
            "sha256": artifact.sha256,
            "size": artifact.size,
        }
        for artifact in artifacts
    ]
    path = directory / MANIFEST
    _replace(path, (json.dumps({"version": version, "files": files}, indent=2) + "\n").encode())
    return path


def _replace(path: Path, content: bytes) -> None:
    """Write in one step, so that a reader meets the old file or the new one, never half of it."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as unfinished:
        unfinished.write(content)
    finished = Path(unfinished.name)
    finished.chmod(0o666 & ~_umask())
    finished.replace(path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
