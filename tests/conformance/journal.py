"""The journal of a run: what it has made, on disk before it is made, so that it is taken away whatever happens.

A line is written when a thing is about to be made under a name, or once AWS has named it, and another when it is gone. What stands after
a crash is in the file: `make conformance SWEEP=1` reads it.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Made:
    """One thing of an account and Region: `operation` made it (`lambda.CreateFunction`), `name` is how it is found again."""

    account: str
    region: str
    operation: str
    name: str

    def __str__(self) -> str:
        """For who has to remove it by hand."""
        return f"{self.operation} {self.name} in {self.account}, {self.region}"


class Journal:
    """One run's journal in a file, which begins with the ids of the run's accounts."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def begin(cls, path: Path, accounts: Mapping[str, str]) -> "Journal":
        """Begin a journal; nothing has been made."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"accounts": dict(accounts)}), "utf-8")
        return cls(path)

    @property
    def accounts(self) -> dict[str, str]:
        """The run's accounts: id by name."""
        found: dict[str, str] = json.loads(self.path.read_text("utf-8").partition("\n")[0])["accounts"]
        return found

    def made(self, thing: Made) -> None:
        """Note what is, or is about to be, made."""
        self._write({"made": asdict(thing)})

    def gone(self, thing: Made) -> None:
        """Note what is not there any more, or never came to be."""
        self._write({"gone": asdict(thing)})

    def standing(self) -> list[Made]:
        """What was made and is not gone, the newest first, each once."""
        things: dict[Made, None] = {}
        for line in self._lines():
            if "made" in line:
                things.pop(Made(**line["made"]), None)
                things[Made(**line["made"])] = None
            elif "gone" in line:
                things.pop(Made(**line["gone"]), None)
        return list(reversed(things))

    def _lines(self) -> Iterator[dict[str, dict[str, str]]]:
        for text in self.path.read_text("utf-8").splitlines():
            try:
                yield json.loads(text)
            except ValueError:  # the machine went down in the middle of a line, before the call that it was to announce
                continue

    def _write(self, line: Mapping[str, object]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"\n{json.dumps(line)}")
            file.flush()
            os.fsync(file.fileno())


def unfinished(directory: Path) -> Iterable[Journal]:
    """The journals of runs that have left something, oldest first."""
    return [journal for path in sorted(directory.glob("*.jsonl")) if (journal := Journal(path)).standing()]
