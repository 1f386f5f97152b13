"""Writes the parts of the docs that follow from the code: `make docs`. A test compares them with what stands there."""

import pkgutil
import re
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

import conformance_tables
import message_entries
import resource_pages

from provider import localcloud
from provider.editor import template_schema
from provider.localcloud.behaviour import TABLE

HERE = Path(__file__).parent
_MAINS = ("__main__", "sitecustomize")


def behaviour_table() -> str:
    """The local cloud's behaviour table as Markdown, by call."""
    for module in pkgutil.walk_packages(localcloud.__path__, f"{localcloud.__name__}."):
        if module.name.rpartition(".")[2] not in _MAINS:
            import_module(module.name)
    rows = [
        f"| `{row.call}` | {_cell(row.expected)} | {_cell(row.source)} | `{row.test.rpartition('::')[2]}` |"
        for row in sorted(set(TABLE))
    ]
    return "\n".join(["| call | AWS | source | test |", "|---|---|---|---|", *rows])


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "conformance.md": {
        "points": conformance_tables.points,
        "system": conformance_tables.system,
        "left-out": conformance_tables.left_out,
    },
    "local-cloud.md": {"behaviour": behaviour_table},
    "troubleshooting.md": {part: partial(message_entries.entries, [part]) for part in ("controller", "provider")},
    **{
        f"resource-types/{page}": {
            "syntax": partial(resource_pages.syntax, resource_type),
            "properties": partial(resource_pages.properties, resource_type),
            "returns": partial(resource_pages.returns, resource_type),
        }
        for page, resource_type in resource_pages.PAGES.items()
    },
}


def generated(page: str) -> str:
    """A page with its generated parts as they should be."""
    text = (HERE / page).read_text("utf-8")
    for name, make in PARTS[page].items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
        head, _, rest = text.partition(begin)
        text = f"{head}{begin}\n{make()}\n{end}{rest.partition(end)[2]}"
    return text


def main() -> None:
    """Write all pages, and the schema for editors."""
    for page in PARTS:
        (HERE / page).write_text(generated(page), "utf-8")
    template_schema.FILE.write_text(template_schema.text(), "utf-8")


if __name__ == "__main__":
    main()
