"""Zip files whose bytes depend on their contents alone.

Two builders must get the same bytes, but two versions of zlib may deflate the same text differently. So zlib
deflates nothing here: files of ours go through `deflate`, and files of a wheel keep the very stream
that stands in the wheel, whose hash is pinned. Names are sorted; times and permissions are fixed.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from provider.packaging.deflate import deflated

_STORED, _DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
_VERSION = 20  # 2.0: the first that knows deflate
_MADE_BY = 3 << 8 | _VERSION  # Unix, so that the permissions below are read
_MODE = 0o100644 << 16  # a regular file that everyone may read, as Lambda needs
_DATE = 1 << 5 | 1  # 1980-01-01, the first that a zip can say; the time is 00:00

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One file of a zip: its name, the stream that is written, and what zips say about it."""

    name: str
    stream: bytes
    method: int
    crc: int
    size: int

    @classmethod
    def of(cls, name: str, content: bytes) -> "Entry":
        """An entry that holds `content`, deflated if that is shorter."""
        stream = deflated(content)
        method = _DEFLATED
        if len(stream) >= len(content):
            stream, method = content, _STORED
        return cls(name, stream, method, zlib.crc32(content), len(content))

    @property
    def content(self) -> bytes:
        """The file itself."""
        return self.stream if self.method == _STORED else zlib.decompress(self.stream, wbits=-zlib.MAX_WBITS)


def read(archive: Path) -> dict[str, Entry]:
    """All files of a zip by name, each with the stream that stands in it.

    Raises:
        zipfile.BadZipFile: it is no zip, or a file in it is damaged.
    """
    whole = archive.read_bytes()
    with zipfile.ZipFile(archive) as opened:
        entries = (_entry(opened, whole, info) for info in opened.infolist() if not info.is_dir())
        return {entry.name: entry for entry in entries}


def _entry(opened: zipfile.ZipFile, whole: bytes, info: zipfile.ZipInfo) -> Entry:
    if info.compress_type not in {_STORED, _DEFLATED}:
        raise zipfile.BadZipFile(f"{info.filename} is compressed by method {info.compress_type}")
    opened.read(info)  # raises when the checksum is wrong
    *_, name_length, extra_length = _LOCAL.unpack_from(whole, info.header_offset)
    start = info.header_offset + _LOCAL.size + name_length + extra_length
    stream = whole[start : start + info.compress_size]
    return Entry(info.filename, stream, info.compress_type, info.CRC, info.file_size)


def written(entries: Iterable[Entry]) -> bytes:
    """The zip that holds exactly these entries, in the order of their names.

    Raises:
        ValueError: two entries have one name, or a name is not ASCII.
    """
    ordered = sorted(entries)
    names = [entry.name for entry in ordered]
    if len(set(names)) != len(names) or not all(map(str.isascii, names)):
        raise ValueError(f"a zip needs distinct ASCII names, not {names}")
    body, directory = bytearray(), bytearray()
    for entry in ordered:
        directory += _central(entry, offset=len(body))
        body += _local(entry) + entry.stream
    count = len(ordered)
    end = _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + end)


def _local(entry: Entry) -> bytes:
    name = entry.name.encode()
    sizes = (entry.crc, len(entry.stream), entry.size)
    return _LOCAL.pack(b"PK\3\4", _VERSION, 0, entry.method, 0, _DATE, *sizes, len(name), 0) + name


def _central(entry: Entry, offset: int) -> bytes:
    name = entry.name.encode()
    sizes = (entry.crc, len(entry.stream), entry.size)
    head = (b"PK\1\2", _MADE_BY, _VERSION, 0, entry.method, 0, _DATE)
    return _CENTRAL.pack(*head, *sizes, len(name), 0, 0, 0, 0, _MODE, offset) + name
