"""Each fault of `mutants.py`, put into a copy of the package: the controller's tests must see it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from mutants import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests" / "controller"
PAGE = ROOT / "docs" / "reliability.md"
MUTATED = ("core", "controller")
AT_ONCE = 2
ENOUGH = 120
"""Seconds for the tests of one mutant: one that goes round for ever is caught as well."""

# The first failure is what is asked for, not the smallest one.
PROFILE = """
from hypothesis import Phase, settings
settings.register_profile("mutants", phases=[Phase.generate], report_multiple_bugs=False, print_blob=False)
settings.load_profile("mutants")
"""


def copy_of_the_package(directory: Path) -> Path:
    """The package with copies of the parts to change, and links to the others."""
    package = directory / "provider"
    package.mkdir(parents=True)
    for part in (ROOT / "provider").iterdir():
        if part.name in MUTATED:
            shutil.copytree(part, package / part.name, ignore=shutil.ignore_patterns("__pycache__"))
        elif part.name != "__pycache__":
            (package / part.name).symlink_to(part)
    (directory / "first_failure.py").write_text(PROFILE, "utf-8")
    return package


def sources(package: Path) -> Iterator[Path]:
    for part in MUTATED:
        yield from sorted((package / part).glob("*.py"))


def mutate(package: Path, mutant: Mutant) -> None:
    """Change the one place.

    Raises:
        AssertionError: it is not one place.
    """
    places = {path: len(re.findall(mutant.pattern, path.read_text("utf-8"))) for path in sources(package)}
    found = {path.name: number for path, number in places.items() if number}
    assert sum(found.values()) == 1, f"'{mutant.name}' matches {found or 'nothing'}: write it anew in mutants.py"
    path = next(path for path, number in places.items() if number)
    path.write_text(re.sub(mutant.pattern, mutant.replacement, path.read_text("utf-8")), "utf-8")


def first_failure(directory: Path, files: tuple[str, ...]) -> str | None:
    """The first of the controller's tests that fails against the copy, None where all pass."""
    environment = {**os.environ, "PYTHONPATH": str(directory), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("MODEL_BUDGET", None)
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "first_failure"]
    command += ["-p", "no:cacheprovider", "-p", "no:xdist", "-x", "-q", "--tb=line", "-rfE", "--show-capture=no"]
    try:
        done = subprocess.run(
            [*command, *(str(TESTS / name) for name in files)],
            cwd=directory,
            env=environment,
            capture_output=True,
            text=True,
            timeout=ENOUGH,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "goes round for ever"
    if done.returncode == 0:
        return None
    failed = re.search(r"^(?:FAILED|ERROR) \S*::(\w+)", done.stdout, re.MULTILINE)
    assert failed is not None, done.stdout + done.stderr
    return failed[1]


Caught = Mapping[str, str | None]


@pytest.fixture(scope="module")
def caught(tmp_path_factory: pytest.TempPathFactory) -> Caught:
    """By mutant the test that caught it; they are run two at a time."""

    def run(number: int, mutant: Mutant) -> str | None:
        directory = tmp_path_factory.getbasetemp() / f"mutant-{number}"
        mutate(copy_of_the_package(directory), mutant)
        return first_failure(directory, mutant.by)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        failures = list(pool.map(run, range(len(MUTANTS)), MUTANTS))
    return {mutant.name: failure for mutant, failure in zip(MUTANTS, failures, strict=True)}


def test_the_copy_without_a_change_passes(tmp_path: Path) -> None:
    copy_of_the_package(tmp_path)
    files = sorted({name for mutant in MUTANTS for name in mutant.by})
    assert first_failure(tmp_path, tuple(files)) is None


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_the_controllers_tests_catch(mutant: Mutant, caught: Caught) -> None:
    assert caught[mutant.name], f"nothing in {', '.join(mutant.by)} fails"


def test_the_page_says_which_test_catches_which(caught: Caught, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"| {name} | `{(test or 'nothing').removeprefix('test_')}` |" for name, test in caught.items()]
    table = "\n".join(rows)
    with capsys.disabled():
        print(f"\nmutants, and the tests that caught them:\n{table}")
    assert table in PAGE.read_text("utf-8"), f"docs/reliability.md must hold this table:\n{table}"
