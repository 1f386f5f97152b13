"""`crossaccount package`: build the zips."""

from collections.abc import Sequence
from pathlib import Path

import click

from provider.packaging import Artifact, build
from provider.packaging.artifact import MANIFEST

DIRECTORY = click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dist"),
    show_default=True,
    help="Where the zips are written, and the wheels kept that they are made of.",
)


@click.command(epilog="\b\nExamples:\n  crossaccount package\n  crossaccount package --directory /tmp/zips\n")
@DIRECTORY
def command(directory: Path) -> None:
    """Build the zips of both functions, named by their content.

    The same tree gives the same bytes. The first build downloads the pinned wheels; later ones need no network.
    """
    artifacts = build(directory)
    show(artifacts)
    click.echo(f"listed in {directory / MANIFEST}")


def show(artifacts: Sequence[Artifact]) -> None:
    """One line per zip: path, size in bytes, sha256."""
    width = max(len(str(artifact.path)) for artifact in artifacts)
    for artifact in artifacts:
        digest = click.style(artifact.sha256, dim=True)
        click.echo(f"{artifact.path!s:<{width}}  {artifact.size:>9,} bytes  {digest}")
