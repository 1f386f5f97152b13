"""Points are asked by what tests of the local cloud are made of, found by name; runs, in accounts of a local cloud of their own."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from made_functions import invoke, make_function, zipped

from provider.localcloud import LocalCloud, process

sys.path.append(str(Path(__file__).parents[1] / "localcloud"))

from command import command
from grounds import IDS, ORGANIZATION, Ground, Known

__all__ = ["invoke", "make_function", "zipped"]


@pytest.fixture(scope="session")
def sandboxes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """Three accounts of an organization, whose management account is a fourth."""
    directory = tmp_path_factory.mktemp("sandboxes")
    accounts, outside = {"management": "790000000009", **IDS}, {"stranger": "750000000005"}
    options = {"organization": ORGANIZATION, "outside": outside, "seconds_between_deployments": 0}
    with pytest.MonkeyPatch.context() as patch:  # for this cloud alone, not for those that start later
        patch.setattr(process, "_BASE", {**process._BASE, "LOCALCLOUD_ALIAS_TAGS": "none"})
        started = LocalCloud.start(directory, accounts, **options)
    with started as cloud:
        yield cloud


@pytest.fixture
def ground(sandboxes: LocalCloud, tmp_path: Path) -> Ground:
    return Ground(sandboxes, tmp_path / "runs")


@pytest.fixture
def asked(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """The command in this process, for what comes to no test; its exit code."""
    monkeypatch.setattr(Known, "cloud", ground.cloud, raising=False)
    monkeypatch.setattr("refusals.Accounts", Known)

    def ask(*options: str, **profiles: str) -> int:
        return int(command.main([*ground.options(**profiles), *options], standalone_mode=False))

    return ask
