"""Zips of a few bytes, named as the real ones are."""

from hashlib import sha256
from pathlib import Path

from provider.packaging.artifact import Architecture, Artifact, Kind


def artifacts(directory: Path, content: str) -> list[Artifact]:
    """Zips of both kinds; the controller's for each processor."""
    made = []
    for kind, architecture in ((Kind.PROVIDER, None), *((Kind.CONTROLLER, one) for one in Architecture)):
        digest = sha256(f"{content}{kind}{architecture}".encode()).hexdigest()
        path = directory / f"{'-'.join(filter(None, (kind, architecture)))}-{digest[:16]}.zip"
        path.write_text(content)
        made.append(Artifact(kind, architecture, path, digest, len(content)))
    return made
