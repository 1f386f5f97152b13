"""`crossaccount export` and `crossaccount import`: a ledger put back, shown first, and no permission lost by it."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OTHER, OWNER, permission, source, target
from reading import ReadCentre, read

from provider.cli.ledger import TABLE
from provider.cli.main import run

__all__ = ["read"]
APIS = ("apibbbbbbb", "apiccccccc", "apiddddddd", "apieeeeeee", "apifffffff")


@pytest.fixture
def granted(read: ReadCentre, monkeypatch: pytest.MonkeyPatch) -> ReadCentre:
    """Two accounts hold a grant on the function."""
    monkeypatch.setattr("provider.cli.restoring.time", SimpleNamespace(time=read.centre.clock.now))
    read.ask(OWNER, target(AllowedAccounts=[CONSUMER, OTHER]).event("Create"))
    for account in (CONSUMER, OTHER):
        read.ask(account, permission(account).event("Create"))
    return read


@pytest.fixture
def exported(granted: ReadCentre, tmp_path: Path) -> Path:
    file = tmp_path / "ledger.jsonl"
    assert run(["export", str(file)]) == 0
    granted.capsys.readouterr()
    return file


def records(centre: ReadCentre) -> dict[tuple[str, str], Any]:
    """What counts of the ledger's records."""
    found = {}
    for item in centre.tables._all(TABLE):
        if item["pk"]["S"].startswith(("TARGET#", "ACCOUNT#", "QUARANTINE", "NAMES", "ORIGIN#")):
            kept = {name: one for name, one in item.items() if name not in ("version", "dueAt")}
            found[item["pk"]["S"], item["sk"]["S"]] = kept
    return found


def lose(centre: ReadCentre) -> None:
    centre.tables.tables.clear()
    centre.tables.shards.clear()


def test_a_lost_ledger_is_put_back_and_goes_on_as_it_was(granted: ReadCentre, exported: Path) -> None:
    before, sources = records(granted), granted.centre.sources()
    lose(granted)
    assert run(["import", str(exported), "--apply"]) == 0
    assert records(granted) == before
    granted.centre.round()
    assert granted.centre.sources() == sources
    granted.ask(OTHER, {**permission(OTHER, ApiId="apibbbbbbb").event("Create"), "LogicalResourceId": "Another"})
    assert len(granted.centre.sources()) == 3


def test_what_would_change_is_shown_by_target_and_account_and_not_done(granted: ReadCentre, exported: Path) -> None:
    name = f"{OWNER}/token-service"
    known = next(one["id"]["S"] for one in records(granted).values() if one["pk"]["S"].startswith("TARGET#") and
                 one["account"]["S"] == OTHER)  # fmt: skip
    granted.ask(OTHER, permission(OTHER).event("Delete", known))
    granted.ask(CONSUMER, {**permission(ApiId="apibbbbbbb").event("Create"), "LogicalResourceId": "Another"})
    before = records(granted)
    shown = {
        (one["target"], one["account"], one["record"], one["change"]) for one in granted.lines("import", str(exported))
    }
    assert {
        (name, OTHER, "grant", "added"),
        (name, CONSUMER, "grant", "removed"),
        (name, CONSUMER, "count", "changed"),
        ("", CONSUMER, "origin", "removed"),
        ("", OTHER, "origin", "changed"),
    } <= shown
    assert records(granted) == before


def test_an_import_may_be_repeated_and_nothing_changes_the_second_time(granted: ReadCentre, exported: Path) -> None:
    lose(granted)
    for _ in range(2):
        assert run(["import", str(exported), "--apply"]) == 0
    granted.capsys.readouterr()
    assert granted.lines("import", str(exported)) == []


def test_a_repeated_import_sets_the_controller_going_where_the_first_was_cut_off(
    granted: ReadCentre, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(granted)
    with monkeypatch.context() as cut:
        cut.setattr(granted.tables, "update_item", _refuse)
        assert run(["import", str(exported), "--apply"]) != 0
    assert run(["import", str(exported), "--apply"]) == 0
    assert list(granted.centre.ledger.due(granted.centre.clock.now())) == [FUNCTION]


def test_a_record_that_changes_meanwhile_is_not_overwritten(
    granted: ReadCentre, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted.ask(CONSUMER, permission(ApiId="apibbbbbbb").event("Update", "grant-of-nobody"))
    put = granted.tables.put_item

    def meanwhile(**arguments: Any) -> None:
        monkeypatch.setattr(granted.tables, "put_item", put)
        item = arguments["Item"]
        stands = granted.tables.find(TABLE, item) or item
        granted.tables.put(TABLE, item, {**stands, "version": {"N": "77"}, "grants": {"N": "77"}})
        put(**arguments)

    monkeypatch.setattr(granted.tables, "put_item", meanwhile)
    assert run(["import", str(exported), "--apply"]) == 3
    assert "changed meanwhile" in granted.capsys.readouterr().err


def test_a_ledger_of_an_older_state_removes_no_permission_by_itself(granted: ReadCentre, exported: Path) -> None:
    """More than three that nothing explains any more stay, and are reported."""
    for at, api in enumerate(APIS):
        granted.ask(CONSUMER, {**permission(ApiId=api).event("Create"), "LogicalResourceId": f"Later{at}"})
    assert run(["import", str(exported), "--apply"]) == 0
    granted.centre.round()
    assert set(granted.centre.sources()) == {source(), source(account=OTHER), *map(source, APIS)}
    resource = granted.tables.find(TABLE, {"pk": {"S": f"RESOURCE#{FUNCTION}"}, "sk": {"S": "RESOURCE"}})
    assert "Unexplained" in json.dumps(resource)


def test_a_restored_table_is_imported_like_a_file(granted: ReadCentre) -> None:
    before = records(granted)
    for (_, first), rows in list(granted.tables.tables.items()):
        granted.tables.tables["restored", first] = dict(rows)
    granted.ask(OTHER, {**permission(OTHER, ApiId="apibbbbbbb").event("Create"), "LogicalResourceId": "Another"})
    assert len(records(granted)) > len(before)
    assert run(["import", "--from-table", "restored", "--apply"]) == 0
    assert records(granted) == before


def _header(**changes: Any) -> Callable[[bytes], bytes]:
    def changed(text: bytes) -> bytes:
        first, _, rest = text.partition(b"\n")
        return json.dumps({**json.loads(first), **changes}).encode() + b"\n" + rest

    return changed


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_header(centre="00000000"), "of centre 00000000"),
        (_header(format=99), "has format 99"),
        (_header(exportedAt="yesterday"), "is damaged"),
        (lambda text: text[: len(text) // 2], "is damaged"),
        (lambda text: b"\n".join(text.splitlines()[:-1]) + b"\n", "is damaged"),
        (lambda text: text.replace(b"a1b2c3d4e5", b"a1b2c3d4e6", 1), "is damaged"),
        (lambda text: text + b"{}\n", "is damaged"),
        (lambda _: b"", "is damaged"),
        (lambda _: b"{}\n", "is no export"),
        (lambda _: b"[1]\n", "is damaged"),
        (lambda _: b"\xff\x00\n", "is damaged"),
    ],
)
def test_a_file_that_is_not_this_centres_whole_export_changes_nothing(
    granted: ReadCentre, exported: Path, spoil: Callable[[bytes], bytes], words: str
) -> None:
    exported.write_bytes(spoil(exported.read_bytes()))
    lose(granted)
    assert run(["import", str(exported), "--apply"]) != 0
    err = granted.capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1
    assert records(granted) == {}


@pytest.mark.parametrize("arguments", [[], ["--from-table", TABLE]])
def test_what_to_import_has_to_be_said(granted: ReadCentre, arguments: list[str]) -> None:
    assert run(["import", *arguments]) == 2


def _refuse(**_: Any) -> None:
    raise ConnectionError
