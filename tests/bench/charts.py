"""The charts of docs/benchmarks.md, from what `run` has measured: `python charts.py MEASURED.json FOLDER`.

Runs in an environment of its own, which has matplotlib and nothing of the project.
"""

import json
import sys
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt

plt.switch_backend("svg")
plt.rcParams |= {
    "svg.hashsalt": "benchmarks",  # the same figures give the same file
    "svg.fonttype": "none",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_OURS, _BASELINE, _OTHER = "#1f6f8b", "#c1440e", "#8a8a8a"


def bursts(measured: dict[str, Any]) -> Any:
    """Answers over time of the largest bursts, and how cost grows with the number of stacks."""
    figure, axes = plt.subplots(2, 2, figsize=(10, 7), layout="constrained")
    for column, scene in enumerate(sorted({one["scene"] for one in measured["bursts"]}, reverse=True)):
        ours = [one for one in measured["bursts"] if one["scene"] == scene and one["handler"] == "product"]
        baseline = [one for one in measured["bursts"] if one["scene"] == scene and one["handler"] == "baseline"]
        top, below = axes[0][column], axes[1][column]
        for one, colour, name in ((ours[-1], _OURS, "this controller"), (baseline[-1], _BASELINE, "baseline")):
            has = [at for at in one["seconds"] if at < 3600]
            at = [0.0, *has, max(1000.0, *has)]
            top.step(at, [*range(len(has) + 1), len(has)], where="post", color=colour, label=name)
        top.set(xscale="symlog", xlabel="seconds since all have asked", ylabel="stacks that have their permission")
        top.set_title(f"{scene}: {ours[-1]['size']:,} stacks at once")
        top.legend(frameon=False)
        sizes = [one["size"] for one in ours]
        below.plot(
            sizes, [one["answers"][-1] for one in ours], "o-", color=_OURS, label="seconds until the last answer"
        )
        below.plot(sizes, [one["writes"] for one in ours], "s-", color=_OTHER, label="policy writes")
        below.plot(sizes, [one["writes"] for one in baseline], "s--", color=_BASELINE, label="baseline: policy writes")
        below.set(xscale="log", yscale="log", xlabel="stacks that ask at once")
        below.legend(frameon=False)
    return figure


def density(measured: dict[str, Any]) -> Any:
    """How many consumers a policy has room for."""
    rows = measured["density"][::-1]
    figure, axis = plt.subplots(figsize=(9, 4), layout="constrained")
    for offset, key, colour, name in (
        (0.2, "room", _OURS, "this controller"),
        (-0.2, "baseline", _BASELINE, "by hand"),
    ):
        bars = axis.barh(
            [at + offset for at in range(len(rows))], [one[key] for one in rows], 0.4, color=colour, label=name
        )
        axis.bar_label(bars, padding=3)
    axis.set_yticks(range(len(rows)), [f"{one['what']} ({one['limit']:,})" for one in rows])
    axis.set_xlabel("consumers in one policy (characters of its quota in brackets)")
    axis.legend(frameon=False)
    return figure


def large(measured: dict[str, Any]) -> Any:
    """What is read and held, as the ledger grows, and as one resource grows."""
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.6), layout="constrained")
    by_ledger, by_resource = measured["large"]["by_ledger"], measured["large"]["by_resource"]
    ledger = [one["grants"] for one in by_ledger]
    axes[0].plot(ledger, [one["reconcile"]["units"]["read"] for one in by_ledger], "o-", color=_OURS, label="a look")
    axes[0].plot(ledger, [one["grant"]["units"]["read"] for one in by_ledger], "s-", color=_OTHER, label="a grant")
    axes[0].set(xscale="log", xlabel="grants in the ledger (100 per target)", ylabel="read units", ylim=(0, None))
    resource = [one["grants"] for one in by_resource]
    axes[1].plot(
        resource, [one["reconcile"]["units"]["read"] for one in by_resource], "o-", color=_OURS, label="a look"
    )
    axes[1].plot(resource, [one["grant"]["units"]["read"] for one in by_resource], "s-", color=_OTHER, label="a grant")
    axes[1].set(xlabel="grants on the resource", ylabel="read units", ylim=(0, None))
    peaks = [one for one in by_ledger if one["round"]["peak"]]
    axes[2].plot(
        [one["grants"] for one in peaks],
        [one["round"]["peak"] / 2**20 for one in peaks],
        "o-",
        color=_OURS,
        label="a round",
    )
    axes[2].set(xscale="log", xlabel="grants in the ledger", ylabel="MiB held at most", ylim=(0, None))
    for axis in axes:
        axis.legend(frameon=False)
    return figure


if __name__ == "__main__":
    _measured = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    _folder = Path(sys.argv[2])
    _folder.mkdir(exist_ok=True)
    for _draw in (bursts, density, large):
        _draw(_measured).savefig(_folder / f"{_draw.__name__}.svg", metadata={"Date": None})
