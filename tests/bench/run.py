"""`make bench`: measure everything, write docs/benchmarks.md and its charts, and print a row per goal.

What was measured is kept in .local/benchmarks.json; with `--again` the page is written from that, with `--suite` after the demo and
the tests have been timed anew.
"""

import json
import logging
import subprocess
import sys
import time
import venv
from hashlib import sha256
from pathlib import Path

from benchmark_page import page
from goals import rows
from measuring import everything, suite

ROOT = Path(__file__).parents[2]
KEPT = ROOT / ".local" / "benchmarks.json"
_LIST = ROOT / "requirements" / "bench.txt"


def main() -> int:
    """Do it all; whether every goal is met decides nothing here: the page says which is not."""
    logging.disable()
    began = time.monotonic()
    KEPT.parent.mkdir(exist_ok=True)
    if "--suite" in sys.argv:
        measured = {**json.loads(KEPT.read_text("utf-8")), "suite": suite(lambda what: _say(began, what))}
        KEPT.write_text(json.dumps(measured), "utf-8")
    elif "--again" not in sys.argv:
        measured = everything(lambda what: _say(began, what))
        measured["minutes"] = (time.monotonic() - began - sum(measured["suite"].values())) / 60
        KEPT.write_text(json.dumps(measured), "utf-8")
    measured = json.loads(KEPT.read_text("utf-8"))
    (ROOT / "docs" / "benchmarks.md").write_text(page(measured, measured["minutes"]), "utf-8")
    charts = [str(Path(__file__).with_name("charts.py")), str(KEPT), str(ROOT / "docs" / "benchmarks")]
    subprocess.run([str(_with_matplotlib() / "bin" / "python"), *charts], check=True)
    for one in rows(measured):
        print(f"{'met    ' if one.met else 'NOT MET'}  {one.goal}: {one.measured}")
    return 0


def _say(began: float, what: str) -> None:
    print(f"{time.monotonic() - began:6.0f} s  {what}", flush=True)


def _with_matplotlib() -> Path:
    """An environment that has what `charts` needs, made once for each list of it."""
    home = ROOT / ".venvs" / f"bench-{sha256(_LIST.read_bytes() + sys.version.encode()).hexdigest()[:12]}"
    if not (home / "complete").exists():
        venv.create(home, with_pip=True, clear=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "--quiet", "--no-input", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--no-deps", "--requirement", str(_LIST)], check=True)
        (home / "complete").touch()
    return home


if __name__ == "__main__":
    sys.exit(main())
