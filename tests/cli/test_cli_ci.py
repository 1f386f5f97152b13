"""What CI does before `make test`: it sees that the machine has a browser, and leaves one alone that has."""

import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / ".ci" / "run"


def run(folder: Path, *there: str) -> list[str]:
    """Run it on a machine that has these programs alone, beside the shell; what it has called, in order."""
    calls = folder / "calls"
    bash = shutil.which("bash")
    dirname = shutil.which("dirname")
    assert bash
    assert dirname
    (folder / "dirname").symlink_to(dirname)
    for name in there:
        program = folder / name
        program.write_text(f'#!{bash}\necho "{name} $*" >> {calls}\n')
        program.chmod(0o755)
    subprocess.run([bash, str(RUN)], env={"PATH": str(folder)}, check=True)
    return calls.read_text().splitlines()


def test_a_machine_without_a_browser_gets_one(tmp_path: Path) -> None:
    install = "apt-get install -y --no-install-recommends chromium"
    assert run(tmp_path, "apt-get", "make") == ["apt-get update", install, "make test"]


@pytest.mark.parametrize("there", [("chromium", "apt-get", "make"), ("make",)])
def test_a_machine_that_has_one_or_gets_none_is_left_as_it_is(tmp_path: Path, there: tuple[str, ...]) -> None:
    """Where there is none to be had, the tests say so."""
    assert run(tmp_path, *there) == ["make test"]
