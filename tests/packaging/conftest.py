"""The zips of this tree, built once per test process."""

from pathlib import Path

import pytest

from provider.packaging import Architecture, Artifact, Kind, build

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheel_cache() -> Path:
    """Where `make package` keeps wheels too, so that they are downloaded once."""
    return ROOT / "dist" / ".wheels"


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory, wheel_cache: Path) -> list[Artifact]:
    """All zips."""
    return build(tmp_path_factory.mktemp("zips"), cache=wheel_cache)


@pytest.fixture(scope="session")
def provider_zip(artifacts: list[Artifact]) -> Artifact:
    """The provider's zip."""
    return next(artifact for artifact in artifacts if artifact.kind is Kind.PROVIDER)


@pytest.fixture(scope="session", params=list(Architecture))
def controller_zip(request: pytest.FixtureRequest, artifacts: list[Artifact]) -> Artifact:
    """The controller's zip of each architecture."""
    return next(artifact for artifact in artifacts if artifact.architecture is request.param)
