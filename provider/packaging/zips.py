"""Builds the zips: one provider for all machines, one controller per architecture, and their manifest."""

from pathlib import Path

from provider import __version__
from provider.packaging import contents
from provider.packaging.archive import written
from provider.packaging.artifact import Architecture, Artifact, Kind, store, write_manifest
from provider.packaging.wheels import wheels


def build(directory: Path, *, cache: Path | None = None) -> list[Artifact]:
    """Write `provider-<hash>.zip`, `controller-<architecture>-<hash>.zip` and `manifest.json` into `directory`.

    The same tree gives the same bytes. Wheels are kept in `cache` (`directory/.wheels` unless told), so that a
    second build needs no network. Zips of earlier trees stay where they are.

    Raises:
        PackagingError: what failed, with its remedy.
        OSError: `directory` cannot be written.
    """
    checkout = contents.Checkout.here()
    directory.mkdir(parents=True, exist_ok=True)
    kept = cache or directory / ".wheels"
    pure = contents.provider(checkout, wheels(checkout.requirements("provider"), kept))
    needed = wheels(checkout.requirements("controller"), kept)
    artifacts = [store(directory, Kind.PROVIDER, None, written(pure))]
    for architecture in Architecture:
        entries = contents.controller(checkout, needed, architecture)
        artifacts.append(store(directory, Kind.CONTROLLER, architecture, written(entries)))
    write_manifest(directory, __version__, artifacts)
    return artifacts
