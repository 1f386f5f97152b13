"""docs/templates.md names what the templates hold, all of it and nothing else."""

import re

import pytest
from template_documents import EXAMPLES, PARTS, ROOT, load, text_values

PAGE = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text under one heading of the page."""
    return PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def in_first_cells(text: str) -> set[str]:
    """The names that the rows of a section's tables are about."""
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([A-Za-z]+)`", cell)}


def held(name: str) -> set[str]:
    """A template's parameters, outputs and policy statements."""
    template = load(name)
    sids = {text for path, text in text_values(template["Resources"]) if path[-1] == "Sid"}
    return {*template["Parameters"], *template["Outputs"], *sids}


@pytest.mark.parametrize("name", PARTS)
def test_the_page_tells_each_part_of_a_template(name: str) -> None:
    """A parameter, output or statement that comes or goes shows here."""
    assert in_first_cells(section(name)) == held(name)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_page_tells_the_parameters_and_outputs_of_an_example(name: str) -> None:
    """Each is named where the example is."""
    paragraph = next(
        part for part in section("The examples").split("\n- ") if part.lstrip("- ").startswith(f"[`{name}`]")
    )
    assert [key for key in sorted(held(name)) if f"`{key}`" not in paragraph] == []


def test_the_page_links_to_files_that_exist() -> None:
    """Relative links lead somewhere."""
    links = re.findall(r"\]\(([^)#:]+)\)", PAGE)
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
