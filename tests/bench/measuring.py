"""All that is measured, as one JSON document: what `run` keeps, and pages and charts are made of."""

import os
import platform
import subprocess
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import asdict
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import test_policy_density as policies
from asked import written
from burst_cloud import ROOT, BurstCloud, burst_cloud, unpacked
from bursts import SCENES, Bursts
from calls import Recorder
from cold_start import measured as cold_starts
from large import Organization, ledger_items

from provider import __version__
from provider.packaging import build

SIZES = (10, 100, 1000)
WITHOUT_LEASES = 100
RUNS = 21
TARGETS, GRANTS = 1000, 100

Say = Callable[[str], None]


def everything(say: Say) -> dict[str, Any]:
    """Measure all; `say` hears what is being measured."""
    say("density")
    found: dict[str, Any] = {"machine": machine(), "density": density()}
    say("cold starts")
    with TemporaryDirectory() as name:
        zips = unpacked(Path(name))
        found["cold_starts"] = starts(zips)
    found["zips"] = sizes()
    say("large organizations")
    found["large"] = large(say)
    with burst_cloud(max(scene.accounts for scene in SCENES)) as cloud:
        say("calls")
        found["calls"], found["scheduled_look"] = calls(cloud)
        found["bursts"] = bursts(cloud, say)
    found["suite"] = suite(say)
    return found


def suite(say: Say) -> dict[str, float]:
    """Seconds that the demo and all tests take, by what `make` is told.

    Raises:
        subprocess.CalledProcessError: one of them failed; what it has printed lies in .local/.
    """
    seconds = {}
    for what in ("demo", "test"):
        say(f"make {what}")
        with (ROOT / ".local" / f"{what}.txt").open("w") as printed:
            began = time.monotonic()
            subprocess.run(["make", what], cwd=ROOT, env=_anew(), stdout=printed, stderr=printed, check=True)
            seconds[what] = time.monotonic() - began
    return seconds


def _anew() -> dict[str, str]:
    """This process's environment without what `make bench` has put into it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH" and not name.startswith("MAKE")}


def machine() -> dict[str, str]:
    """Where this runs, and with what."""
    processors = {line.partition(": ")[2] for line in _lines("/proc/cpuinfo") if line.startswith("model name")}
    memory = next((line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), "0")
    return {
        "processor": f"{os.cpu_count()} of {' / '.join(sorted(processors)) or platform.machine()}",
        "memory": f"{int(memory) / 2**20:.1f} GiB",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "Python": platform.python_version(),
        "botocore": version("botocore"),
        "this project": __version__,
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text("utf-8").splitlines() if Path(path).exists() else []


def density() -> list[dict[str, Any]]:
    """Room in policies: the figures that tests/core/test_policy_density.py asserts, counted again."""
    return [
        {
            "what": what,
            "limit": policies.LIMITS[kind],
            "room": policies.room(one, written, kind),
            "baseline": policies.room(one, form, kind),
        }
        for what, kind, one, _, form, _ in policies.TABLE
    ]


def starts(zips: dict[str, str]) -> dict[str, Any]:
    """Ratios and medians of cold starts."""
    return {
        kind: {
            "ratio": one.ratio,
            "passed": one.passed,
            "seconds": one.median(0),
            "baseline": one.median_of_baseline(0),
            "runs": len(one.seconds),
        }
        for kind, one in cold_starts(zips, RUNS).items()
    }


def sizes() -> dict[str, int]:
    """Bytes of the zips; the controller's is the larger of its two."""
    found: dict[str, int] = {}
    for one in build(ROOT / "dist"):
        found[str(one.kind)] = max(one.size, found.get(str(one.kind), 0))
    return found


def large(say: Say) -> dict[str, Any]:
    """Ledgers of growing size, and resources of growing size."""
    by_ledger = []
    for targets in (1, 10, 100, TARGETS):
        say(f"a ledger of {targets * GRANTS:,} grants")
        one = Organization(targets, GRANTS)
        found = {
            "targets": targets,
            "grants": targets * GRANTS,
            "accounts": GRANTS * min(targets, 100),
            "items": sum(ledger_items(one).values()),
            "reconcile": asdict(one.one_reconcile()),
            "grant": asdict(one.one_grant()),
            "look": asdict(one.one_look_around()),
            "round": asdict(one.one_round(trace=True)),
        }
        by_ledger.append(found)
    by_resource = [{"grants": grants, **_of_one(Organization(1, grants))} for grants in (1, 10, 50, 100, 200, 280)]
    return {"by_ledger": by_ledger, "by_resource": by_resource}


def _of_one(organization: Organization) -> dict[str, Any]:
    return {"reconcile": asdict(organization.one_reconcile()), "grant": asdict(organization.one_grant())}


def calls(cloud: BurstCloud) -> tuple[list[dict[str, Any]], list[str]]:
    """The calls of each operation, and of a scheduled look."""
    with redirect_stdout(StringIO()):  # the controller's metrics
        recorder = Recorder(cloud)
        return [asdict(one) for one in recorder.all()], recorder.scheduled_look()


def bursts(cloud: BurstCloud, say: Say) -> list[dict[str, Any]]:
    """Every scene, by the product and by the baseline, in all sizes; and once without leases."""
    player, found = Bursts(cloud), []
    for scene in SCENES:
        for handler, size in (
            *(("product", size) for size in SIZES),
            *(("baseline", size) for size in SIZES),
            ("no leases", WITHOUT_LEASES),
        ):
            say(f"a burst of {size:,} stacks: {scene.name}, {handler}")
            found.append(asdict(player.play(scene, handler, size)))
    return found
