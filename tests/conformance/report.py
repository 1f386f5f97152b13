"""What a run has found: a table for people, Markdown and JSON to hand on. All ids in it are stand-ins."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from outcomes import Case, Outcome, together
from rich.console import Console
from rich.table import Table
from rich.text import Text
from selection import Row

_COLOURS = {Outcome.SAME: "green", Outcome.DIFFERS: "red", Outcome.BROKE: "yellow", Outcome.UNCHECKED: "dim"}


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its outcome: `detail` is the difference or the reason, `seen` what was noted by the way."""

    kind: str
    name: str
    outcome: Outcome
    says: str
    detail: str
    seen: str


def lines(rows: Sequence[Row], cases: Sequence[Case]) -> list[Line]:
    """A line for each row, of what its test's cases say."""
    by_test: dict[str, list[Case]] = {}
    for case in cases:
        by_test.setdefault(case.test.partition("[")[0], []).append(case)
    return [_line(row, by_test.get(row.test.partition("[")[0], [])) for row in rows]


def _line(row: Row, cases: Sequence[Case]) -> Line:
    if not row.test:
        return Line(row.kind, row.name, Outcome.UNCHECKED, row.says, row.reason, "")
    if not cases:
        return Line(row.kind, row.name, Outcome.UNCHECKED, row.says, "the run ended before", "")
    case = together(cases)
    return Line(row.kind, row.name, case.outcome, row.says, case.detail, case.seen)


def counted(found: Sequence[Line]) -> str:
    """How many of each outcome."""
    return ", ".join(f"{sum(line.outcome is one for line in found)} {one}" for one in Outcome)


def shown(found: Sequence[Line], console: Console) -> None:
    """Print the table."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("KIND", "NAME", "OUTCOME", "DETAIL"):
        table.add_column(heading, overflow="fold")
    for line in found:
        said = "; ".join(text for text in (line.detail, line.seen) if text)
        table.add_row(line.kind, Text(line.name), Text(line.outcome, style=_COLOURS[line.outcome]), Text(said or "-"))
    console.print(table)


def as_json(found: Sequence[Line], left: Mapping[str, str]) -> str:
    """The report for programs."""
    return json.dumps({"lines": [asdict(line) for line in found], "left": dict(left)}, indent=2)


def as_markdown(found: Sequence[Line], left: Mapping[str, str], when: str) -> str:
    """The report for people, to be kept."""
    body = [
        f"| {line.kind} | `{line.name}` | {_cell(line.says)} | {line.outcome} | {_cell(line.detail)} | {_cell(line.seen)} |"
        for line in found
    ]
    stays = [f"- {_cell(thing)}: {_cell(why)}" for thing, why in left.items()] or ["Nothing."]
    head = [f"# Conformance, {when}", "", f"{counted(found)}. Account ids are stand-ins.", ""]
    head += ["| kind | name | says | outcome | detail | seen |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *body, "", "## Left behind", "", *stays, ""])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
