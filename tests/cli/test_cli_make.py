"""The Makefile: what a new clone is met with, on a machine with Python and make alone."""

import os
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINS = dict(
    line.lower().replace("_", "-").split("==")
    for line in (ROOT / "requirements" / "dev.txt").read_text().splitlines()
    if not line.startswith("#")
)
NOT_OURS_TO_PIN = {"pip", "setuptools", "cross-account-permission"}
NOT_INSTALLED = {"cdk"}
"""Extras that `make venv` leaves out: pinned, but nothing of theirs is in the environment."""


def _make(*arguments: str, cwd: Path = ROOT, path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
    make = shutil.which("make")
    assert make
    return subprocess.run([make, *arguments], cwd=cwd, env={"PATH": path}, capture_output=True, text=True, check=False)


def test_make_alone_shows_every_target_with_a_sentence() -> None:
    """None is hidden, and nothing is done."""
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets
    shown = dict(re.findall(r"^  (\w+) +(\S.*)$", _make().stdout, re.MULTILINE))
    assert list(shown) == targets[1].split()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone, and beside it a folder `bin` with what make's recipes call, but no Python."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "awk", "cat", "cksum", "cut", "find", "touch"):
        found = shutil.which(tool)
        assert found
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def test_without_a_python_make_says_which_one_it_needs(clone: Path) -> None:
    """An old Python is none."""
    old = clone / "bin" / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    done = _make("venv", cwd=clone, path=str(clone / "bin"))
    assert done.returncode != 0
    assert "No Python 3.11 or later with its venv module was found. Install one" in done.stderr
    assert not (clone / ".venv").exists()


FAKE_PYTHON = """#!/bin/sh
echo "$@" >> {calls}
case "$*" in
  "-m venv "*) "$MKDIR" -p .venv/bin; "$CP" "$0" .venv/bin/python;;
  *"-m pip"*) {pip};;
esac
"""


def _fake_python(clone: Path, pip: str) -> Path:
    calls = clone / "calls"
    fake = clone / "bin" / "python3"
    text = FAKE_PYTHON.format(calls=calls, pip=pip)
    fake.write_text(text.replace('"$MKDIR"', "/bin/mkdir").replace('"$CP"', "/bin/cp"))
    fake.chmod(0o755)
    return calls


def test_what_is_installed_is_not_installed_again(clone: Path) -> None:
    """The second time asks nothing of pip, so it needs no network; changed pins ask again."""
    calls = _fake_python(clone, "true")
    assert _make("venv", cwd=clone, path=str(clone / "bin")).returncode == 0
    first = calls.read_text()
    assert "--constraint requirements/dev.txt" in first
    again = _make("venv", cwd=clone, path=str(clone / "bin"))
    assert (again.returncode, calls.read_text()) == (0, first)
    pins = clone / "requirements" / "dev.txt"
    stamp = next((clone / ".venv").glob("installed-*"))
    later = stamp.stat().st_mtime + 5
    os.utime(pins, (later, later))
    assert _make("venv", cwd=clone, path=str(clone / "bin")).returncode == 0
    assert calls.read_text() != first


def test_pip_is_silent_unless_it_fails(clone: Path) -> None:
    """Then its own words are shown, with a remedy, and the next make tries again."""
    _fake_python(clone, "echo 'much to say'")
    done = _make("venv", cwd=clone, path=str(clone / "bin"))
    assert "much to say" not in done.stdout + done.stderr
    _fake_python(clone, "echo 'no such host'; exit 1")
    shutil.rmtree(clone / ".venv")
    failed = _make("venv", cwd=clone, path=str(clone / "bin"))
    assert failed.returncode != 0
    assert "no such host" in failed.stderr
    assert "Check the network" in failed.stderr
    assert not list((clone / ".venv").glob("installed-*"))


def test_nobodys_aws_settings_reach_the_targets(clone: Path) -> None:
    """A profile or a bundle of the user's shell must not lead the demo or a test to a real account."""
    makefile = (clone / "Makefile").read_text()
    (clone / "Makefile").write_text(f"{makefile}\nshow:\n\t@/usr/bin/env\n")
    make = shutil.which("make")
    assert make
    environment = {"PATH": str(clone / "bin"), "AWS_PROFILE": "prod", "AWS_CA_BUNDLE": "/b.pem", "OTHER": "kept"}
    done = subprocess.run([make, "show"], cwd=clone, env=environment, capture_output=True, text=True, check=True)
    assert "AWS_" not in done.stdout
    assert "OTHER=kept" in done.stdout
    told = subprocess.run(
        [make, "show", "conformance"], cwd=clone, env=environment, capture_output=True, text=True, check=False
    )
    assert "AWS_PROFILE=prod" in told.stdout  # who goes to AWS by named profiles may have his settings


def test_conformance_hands_on_what_is_given_and_nothing_else() -> None:
    """Profiles, confirmation and options by their names in capitals."""
    line = " ".join(
        _make("-n", "conformance", "CENTRAL=a", "CONFIRM=1,2,3", "ONLY=point system", "SWEEP=1").stdout.split()
    )
    assert line.endswith(
        "tests/conformance/run.py --central 'a' --confirm '1,2,3' \\ --only 'point' --only 'system' --sweep"
    )
    bare = " ".join(_make("-n", "conformance").stdout.split())
    assert bare.removesuffix(" \\").endswith("tests/conformance/run.py")


def test_every_installed_package_is_pinned_at_its_version() -> None:
    """What the tests have seen is what a new clone gets."""
    installed = {each.name.lower().replace("_", "-").replace(".", "-"): each.version for each in distributions()}
    for name in NOT_OURS_TO_PIN:
        installed.pop(name, None)
    assert installed == {name: version for name, version in PINS.items() if name not in NOT_OURS_TO_PIN}


def test_pins_and_projects_requirements_agree() -> None:
    """An exact version in one place is that of the others."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    optional = [each for group in extras.keys() - NOT_INSTALLED for each in extras[group]]
    assert all("==" in each for group in NOT_INSTALLED for each in extras[group])
    for requirement in (*project["dependencies"], *optional):
        name, _, version = requirement.lower().partition("==")
        assert PINS[name.replace("_", "-")] == (version or PINS[name.replace("_", "-")])
    for kind in ("provider", "controller"):
        for name, version in re.findall(
            r"^([\w-]+)==(\S+)", (ROOT / "requirements" / f"{kind}.txt").read_text(), re.MULTILINE
        ):
            assert PINS[name] == version
