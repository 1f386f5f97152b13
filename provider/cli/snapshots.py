"""The ledger as a file of JSON Lines: a header, one record a line as DynamoDB has it, and a last line that proves it whole.

Counters, leases and caches are left out: the controller makes them anew. Records are written and read one at a time.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from provider.cli.errors import CommandError, ExitCode
from provider.controller import adoptions, codec
from provider.controller.codec import from_wire, to_wire
from provider.core.statements import CentreId

FORMAT = 1
"""The form of a file. A change of what a line means is another number."""

Wire = dict[str, Any]
"""An item with DynamoDB's attribute values."""
Records = Callable[[], Iterator[Wire]]
"""All records of a ledger, as often as they are asked for."""

_KINDS = ("ORIGIN#", "TARGET#", "ACCOUNT#", codec.ADOPTION)
_PARTITIONS = (codec.QUARANTINE, codec.NAMES)


def is_kept(item: Mapping[str, Any]) -> bool:
    """Whether an item is a record of the ledger: an origin, publication, grant, count, adoption, quarantine or reservation."""
    pk = str(item["pk"]["S"])
    return pk.startswith(_KINDS) or pk in _PARTITIONS


def records(client: Any, table: str) -> Iterator[Wire]:
    """The records of a table, read consistently, a page at a time."""
    for page in client.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from filter(is_kept, page["Items"])


def write(lines: Iterator[Wire], centre: CentreId, at: str, file: IO[str]) -> int:
    """Write a snapshot and return how many records it has. `at` is the time in its header."""
    digest, number = hashlib.sha256(), 0

    def put(value: Mapping[str, Any]) -> None:
        line = json.dumps(value, sort_keys=True, default=sorted) + "\n"
        digest.update(line.encode())
        file.write(line)

    put({"format": FORMAT, "centre": centre.text, "exportedAt": at})
    for item in lines:
        put(item)
        number += 1
    file.write(json.dumps({"records": number, "sha256": digest.hexdigest()}) + "\n")
    return number


def read(path: Path, centre: CentreId) -> Iterator[Wire]:
    """The records of a snapshot of this centre. That it is whole is known when the last one has been read.

    Raises:
        CommandError: it is no snapshot, of another centre or an unknown format, or damaged.
    """
    digest, number, end = hashlib.sha256(), 0, None
    with path.open("rb") as file:
        header = file.readline()
        _check(_parsed(header, path), path, centre)
        digest.update(header)
        for line in file:
            if end is not None:
                raise _damaged(path)
            item = _parsed(line, path)
            if "sha256" in item:
                end = item
                continue
            digest.update(line)
            number += 1
            yield _record(item, path)
    if end != {"records": number, "sha256": digest.hexdigest()}:
        raise _damaged(path)


def _check(header: Mapping[str, Any], path: Path, centre: CentreId) -> None:
    if "format" not in header or "centre" not in header:
        raise CommandError(f"{path} is no export of a ledger. Give a file that `crossaccount export` wrote.")
    if header["format"] != FORMAT:
        fact = f"{path} has format {header['format']!r}, and this version of crossaccount knows {FORMAT}."
        raise CommandError(f"{fact} Use the version that wrote it.")
    if header["centre"] != centre.text:
        fact = f"{path} is of centre {header['centre']}, and this profile and Region are of centre {centre.text}."
        raise CommandError(f"{fact} Use the profile and --region of the centre that wrote it.", ExitCode.REFUSED)


def _parsed(line: bytes, path: Path) -> Wire:
    try:
        item = json.loads(line)
    except ValueError as error:
        raise _damaged(path) from error
    if not isinstance(item, dict):
        raise _damaged(path)
    return item


def _record(item: Wire, path: Path) -> Wire:
    """An item that the controller can read."""
    try:
        plain = from_wire(item)
        known = is_kept(item)
        if plain["pk"].startswith("TARGET#"):
            codec.row_record(plain)
        elif plain["pk"].startswith("ORIGIN#"):
            codec.origin_record(codec.origin_of(plain), plain)
        elif plain["pk"].startswith(codec.ADOPTION):
            _ = adoptions.adoption_of(plain).counterparts
        whole = to_wire(plain)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(path) from error
    if not known:
        raise _damaged(path)
    return whole


def _damaged(path: Path) -> CommandError:
    return CommandError(f"{path} is damaged: it is not as it was exported. Give a copy that is whole.")
