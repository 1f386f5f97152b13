"""The tables of docs/conformance.md, from what `make conformance` runs."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests" / "conformance"))

from not_on_aws import NO_CALL, reason
from points import POINTS
from selection import SYSTEM, table


def points() -> str:
    """A row for each point."""
    rows = [
        f"| `{one.name}` | {one.assumed} | {_shown(one.test) or f'not: {one.reason}'} | {one.otherwise} |"
        for one in POINTS
    ]
    return "\n".join(["| point | taken to be so | asked by | where it is otherwise |", "|---|---|---|---|", *rows])


def system() -> str:
    """The names of what shows the system as a whole."""
    return "\n".join(f"- `{name}`: {_shown(test)}" for name, test in SYSTEM.items())


def left_out() -> str:
    """Of each imitation that is known beforehand not to be asked, why."""
    by_reason: dict[str, set[str]] = {}
    for row in table():
        if why := reason(row.test):
            by_reason.setdefault(why, set()).add(row.test.rpartition("::")[2])
    rows = [f"| {why} | {', '.join(f'`{name}`' for name in sorted(by_reason[why]))} |" for why in sorted(by_reason)]
    undone = f"\nBesides these, a test that {NO_CALL}, says nothing of AWS."
    return "\n".join(["| it | tests |", "|---|---|", *rows, undone])


def _shown(test: str) -> str:
    file, _, name = test.partition("::")
    return f"`{name}` in [{Path(file).name}](../{file})" if test else ""
