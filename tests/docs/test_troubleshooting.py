"""Every message that provider and controller can give has an entry under its own words, with what to do."""

import re
from pathlib import Path

import message_entries
import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "troubleshooting.md").read_text("utf-8")
HEADINGS = [line.removeprefix("### ") for line in PAGE.splitlines() if line.startswith("### ")]


@pytest.mark.parametrize("one", message_entries.classes(), ids=lambda one: one.__name__)
def test_a_message_has_an_entry_that_is_found_by_its_words(one: type[Exception]) -> None:
    text = message_entries.message(one)
    assert HEADINGS.count(text) == 1
    entry = PAGE.split(f"### {text}\n", 1)[1].split("\n##", 1)[0]
    assert len(entry.split()) > 5, "it says no more than the message"


@pytest.mark.parametrize("one", message_entries.classes(), ids=lambda one: one.__name__)
def test_a_message_ends_with_what_to_do(one: type[Exception]) -> None:
    """As a sentence of its own, after the fact."""
    sentences = re.split(r"(?<=[.?]) ", message_entries.message(one))
    assert len(sentences) > 1
    assert sentences[-1].endswith((".", "?"))


def test_what_a_reader_may_need_besides_is_about_messages_that_exist() -> None:
    assert set(message_entries.MORE) <= {one.__name__ for one in message_entries.classes()}


def test_no_two_messages_read_alike() -> None:
    assert len(set(HEADINGS)) == len(HEADINGS)
