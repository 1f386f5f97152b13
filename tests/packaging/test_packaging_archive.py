"""A zip's bytes follow from its entries alone, and everyone can read it."""

import zipfile
from pathlib import Path

import pytest

from provider.packaging.archive import Entry, read, written

ENTRIES = (Entry.of("b/long.py", b"print('hello')\n" * 50), Entry.of("a.json", b"{}"), Entry.of("b/empty.py", b""))


def test_the_order_of_entries_does_not_matter() -> None:
    """Names are sorted."""
    assert written(ENTRIES) == written(reversed(ENTRIES))


def test_other_tools_read_the_same_files(tmp_path: Path) -> None:
    """Python's zipfile checks every checksum, size and offset."""
    path = tmp_path / "some.zip"
    path.write_bytes(written(ENTRIES))
    with zipfile.ZipFile(path) as opened:
        assert opened.testzip() is None
        assert {info.filename: opened.read(info) for info in opened.infolist()} == {
            entry.name: entry.content for entry in ENTRIES
        }


def test_times_and_permissions_are_fixed(tmp_path: Path) -> None:
    """1980-01-01 00:00, a regular file, readable by all: Lambda runs as another user than the builder."""
    path = tmp_path / "some.zip"
    path.write_bytes(written(ENTRIES))
    with zipfile.ZipFile(path) as opened:
        for info in opened.infolist():
            assert (info.date_time, info.external_attr >> 16, info.create_system) == (
                (1980, 1, 1, 0, 0, 0),
                0o100644,
                3,
            )


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_streams_of_another_zip_are_taken_as_they_are(tmp_path: Path, method: int) -> None:
    """What a wheel deflated is not deflated again, so this machine's zlib has no say in it."""
    source = tmp_path / "some.whl"
    with zipfile.ZipFile(source, "w", method) as wheel:
        wheel.mkdir("folder")
        wheel.writestr("folder/module.py", "x = 1\n" * 100)
        wheel.writestr("other.py", "")
    again = tmp_path / "again.zip"
    again.write_bytes(written(read(source).values()))
    assert read(again) == read(source)
    assert read(again)["folder/module.py"].content == b"x = 1\n" * 100


def test_a_damaged_zip_is_refused(tmp_path: Path) -> None:
    """A checksum that does not fit its file is an error, not a broken function later."""
    path = tmp_path / "damaged.zip"
    path.write_bytes(written(ENTRIES).replace(b"{}", b"[]"))
    with pytest.raises(zipfile.BadZipFile):
        read(path)


@pytest.mark.parametrize("names", [("a.py", "a.py"), ("é.py",)])
def test_names_are_distinct_and_ascii(names: tuple[str, ...]) -> None:
    """A name twice would hide a file; other letters are spelt differently by different systems."""
    with pytest.raises(ValueError, match="distinct ASCII"):
        written(Entry.of(name, b"") for name in names)
