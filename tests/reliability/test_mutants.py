"""Each fault of `mutants.py`, put into a copy of the package: the controller's tests must see it."""

import importlib
import inspect
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from mutants import LEDGER_MUTANTS, MUTANTS, Mutant

from provider.localcloud import LocalCloud
from provider.localcloud.environments import ROOT_VARIABLE, root

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests" / "controller"
PAGE = ROOT / "docs" / "reliability.md"
MUTATED = ("core", "controller")
FORKING = Path(__file__).with_name("forking.py")
LEDGER = ROOT / "provider" / "controller" / "dynamodb_ledger.py"
ENOUGH = 240
"""Seconds for the tests of one mutant: one that goes round for ever is caught as well."""

# The first failure is what is asked for, not the smallest one.
PROFILE = """
from hypothesis import Phase, settings
settings.register_profile("mutants", phases=[Phase.generate], report_multiple_bugs=False, print_blob=False)
settings.load_profile("mutants")
"""

Caught = Mapping[str, str | None]
Record = Callable[[str, object], None]


def mutated(text: str, mutant: Mutant) -> str:
    return re.sub(mutant.pattern, mutant.replacement, text)


def number_of_places(text: str, mutant: Mutant) -> int:
    return len(re.findall(mutant.pattern, text))


# --- the core and the controller, on twins -------------------------------------------------------------


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


def mutate(package: Path, mutant: Mutant) -> None:
    """Change the one place.

    Raises:
        AssertionError: it is not one place.
    """
    files = [path for part in MUTATED for path in sorted((package / part).glob("*.py"))]
    places = {path: number_of_places(path.read_text("utf-8"), mutant) for path in files}
    found = {path.name: number for path, number in places.items() if number}
    assert sum(found.values()) == 1, f"'{mutant.name}' matches {found or 'nothing'}: write it anew in mutants.py"
    path = next(path for path, number in places.items() if number)
    path.write_text(mutated(path.read_text("utf-8"), mutant), "utf-8")


class Runner:
    """Runs the controller's tests against copies of the package, in forks of one process (`forking.py`)."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def first_failure(self, directory: Path, files: tuple[str, ...]) -> str | None:
        """The first of the tests that fails against the copy, None where all pass."""
        options = [
            "-c",
            str(ROOT / "pyproject.toml"),
            "-p",
            "first_failure",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
        ]
        options += [
            "-W",
            "ignore::pytest.PytestAssertRewriteWarning",
            "-x",
            "-q",
            "--tb=line",
            "-rfE",
            "--show-capture=no",
        ]
        arguments = [*options, *(str(TESTS / name) for name in files)]
        task = {"directory": str(directory), "arguments": arguments, "patience": ENOUGH}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(task)}\n")
        self._process.stdin.flush()
        done = json.loads(self._process.stdout.readline())
        if done["code"] == 0:
            return None
        if done["code"] == -1:
            return "goes round for ever"
        failed = re.search(r"^(?:FAILED|ERROR) \S*::(\w+)", done["printed"], re.MULTILINE)
        assert failed is not None, done["printed"]
        return failed[1]


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "MODEL_BUDGET": "mutants", ROOT_VARIABLE: str(root())}
    command = [sys.executable, str(FORKING)]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Runner(process)
        assert process.stdin is not None
        process.stdin.close()


def test_without_a_change_all_passes(runner: Runner, tmp_path: Path) -> None:
    """Else anything would count as caught."""
    copy_of_the_package(tmp_path)
    files = {name for mutant in MUTANTS for name in mutant.by}
    assert runner.first_failure(tmp_path, tuple(sorted(files))) is None


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_the_controllers_tests_catch(mutant: Mutant, runner: Runner, tmp_path: Path, record_property: Record) -> None:
    mutate(copy_of_the_package(tmp_path), mutant)
    seen = runner.first_failure(tmp_path, mutant.by)
    assert seen, f"nothing in {', '.join(mutant.by)} fails"
    record_property("summary", f"| {mutant.name} | {_words(seen)} |")


# --- the ledger in DynamoDB ----------------------------------------------------------------------------

_ledgers = itertools.count()


class Contract:
    """The ledger's contract tests, over whatever ledger one likes."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.table = f"mutants-{next(_ledgers)}"
        contract_module("tables").create_ledger(client, self.table)
        modules = [contract_module(name) for name in ("test_ledger_contract", "test_ledger_promises")]
        self.tests = {name: test for module in modules for name, test in vars(module).items() if takes_a_ledger(test)}

    def first_failure(self, source: str) -> str | None:
        """The first truth that the ledger of this source text does not keep."""
        module = ModuleType("a_ledger")
        exec(compile(source, str(LEDGER), "exec"), module.__dict__)  # noqa: S102 - it is the product's own text
        for name, test in self.tests.items():
            try:
                test(module.DynamoDBLedger(self.client, self.table))
            except (AssertionError, pytest.fail.Exception):
                return name
        return None


def contract_module(name: str) -> ModuleType:
    sys.path.insert(0, str(TESTS))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(TESTS))


def takes_a_ledger(test: object) -> bool:
    """Whether it is a test that takes a ledger and nothing else."""
    named = inspect.isfunction(test) and test.__name__.startswith("test_")
    return named and list(inspect.signature(test).parameters) == ["ledger"]


@pytest.fixture(scope="module")
def caught_by_contract(cloud: LocalCloud) -> Caught:
    """By mutant the contract test that caught it; the ledger as it is keeps all of it."""
    contract = Contract(cloud.client("dynamodb", "central"))
    text = LEDGER.read_text("utf-8")
    assert contract.first_failure(text) is None
    failures: dict[str, str | None] = {}
    for mutant in LEDGER_MUTANTS:
        number = number_of_places(text, mutant)
        assert number == 1, f"'{mutant.name}' matches {number} times: write it anew in mutants.py"
        failures[mutant.name] = contract.first_failure(mutated(text, mutant))
    return failures


@pytest.mark.parametrize("mutant", LEDGER_MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_the_ledgers_contract_catches(mutant: Mutant, caught_by_contract: Caught, record_property: Record) -> None:
    seen = caught_by_contract[mutant.name]
    assert seen
    record_property("summary", f"| {mutant.name} | {_words(seen)} |")


# --- the page ------------------------------------------------------------------------------------------


def test_the_page_names_every_mutant() -> None:
    """Which test is the first to see one may differ by what hypothesis draws: a run prints it."""
    names = [mutant.name for mutant in (*MUTANTS, *LEDGER_MUTANTS)]
    page = PAGE.read_text("utf-8")
    assert [name for name in names if f"| {name} |" not in page] == []
    assert f"{len(names)} faults that were thought of, of which none survives" in page


def _words(test: str) -> str:
    return test.removeprefix("test_").replace("_", " ")
