"""Virtual environments are built once, from exact lists, and a failure says where to look."""

import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from provider.localcloud import LocalCloudError, environments
from provider.localcloud.environments import Environment


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Record the commands that would build an environment instead of running them."""
    seen: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        seen.append(command)
        time.sleep(0.05)  # a build takes its time, in which others come
        if "venv" in command:
            Path(command[-1]).mkdir()
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(environments.subprocess, "run", run)
    return seen


@pytest.mark.parametrize("environment", list(Environment))
def test_every_requirement_is_pinned_exactly(environment: Environment) -> None:
    """A list names one version of each package, and nothing else."""
    for line in environments._requirements(environment).splitlines():
        name, _, version = line.partition("==")
        assert name
        assert version


def test_the_base_is_the_version_that_the_corrections_are_for() -> None:
    """The corrections reach into private names: another version must be looked at first."""
    assert "ministack==1.5.33" in environments._requirements(Environment.LOCALCLOUD)


def test_a_second_call_builds_nothing(tmp_path: Path, runs: list[list[str]]) -> None:
    """What stands is used."""
    first = environments.ensure(Environment.RUNTIME, tmp_path)
    built = len(runs)
    assert environments.ensure(Environment.RUNTIME, tmp_path) == first
    assert len(runs) == built > 0


def test_concurrent_callers_build_once(tmp_path: Path, runs: list[list[str]]) -> None:
    """Whoever comes second waits."""
    threads = [threading.Thread(target=environments.ensure, args=(Environment.RUNTIME, tmp_path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([command for command in runs if "venv" in command]) == 1


def test_an_interrupted_build_is_done_again(tmp_path: Path, runs: list[list[str]]) -> None:
    """A directory without its stamp is no environment."""
    home = environments.ensure(Environment.RUNTIME, tmp_path)
    (home / "complete").unlink()
    (home / "half").touch()
    assert environments.ensure(Environment.RUNTIME, tmp_path) == home
    assert not (home / "half").exists()


def test_a_failure_names_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence: which environment, and where pip's output is; and what was begun is not taken for complete."""

    def fail(command: list[str], *, stdout: Any, **_: Any) -> subprocess.CompletedProcess[bytes]:
        stdout.write("no such package anywhere")
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(environments.subprocess, "run", fail)
    for _ in range(2):
        with pytest.raises(
            LocalCloudError, match=r"The virtual environment 'runtime' could not be built\. pip's output"
        ):
            environments.ensure(Environment.RUNTIME, tmp_path)
    assert next(tmp_path.glob("*.log")).read_text() == "no such package anywhere"
