"""`names reserve` writes to the centre's ledger; a name that another account has stays with it."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from provider.cli.errors import ExitCode
from provider.cli.main import run

Table = dict[str, Any]


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    """A DynamoDB on loopback that knows the two calls of a reservation; `answer` in it answers them otherwise."""
    items: Table = {}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            call = self.headers["X-Amz-Target"].split(".")[1]
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, said = items.get("answer", lambda *_: _answer(items, call, asked))()
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "1",
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        yield items
        server.shutdown()


def _answer(items: Table, call: str, asked: Any) -> tuple[int, Any]:
    assert asked["TableName"] == "cross-account-permission-grants"
    held = items.setdefault("items", {})
    if call == "Query":
        return 200, {"Items": list(held.values())}
    key = tuple(each["S"] for each in (asked.get("Key") or asked["Item"]).values())[:2]
    if call == "GetItem":
        return 200, {"Item": held[key]} if key in held else {}
    if key in held and held[key]["owner"] != asked["Item"]["owner"]:
        return 400, {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "x"}
    held[key] = asked["Item"]
    return 200, {}


def _owners(items: Table) -> set[str]:
    return {item["owner"]["S"] for item in items["items"].values()}


def reserve(account: str, *more: str) -> int:
    """Run the command for the name `token-service`."""
    return run(["names", "reserve", "token-service", "--account", account, *more])


def test_a_free_name_is_reserved(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    """In the environment that is named."""
    assert reserve("333333333333", "--environment", "dev") == ExitCode.OK
    assert _owners(table) == {"333333333333"}
    assert capsys.readouterr().out == "token-service in environment dev means 333333333333/token-service.\n"


def test_again_for_the_same_account_changes_nothing(table: Table) -> None:
    """A command that can be repeated."""
    assert [reserve("333333333333"), reserve("333333333333")] == [ExitCode.OK, ExitCode.OK]
    assert _owners(table) == {"333333333333"}


def test_another_accounts_name_stays_its_own(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, and the sentence says whose it is."""
    assert reserve("333333333333") == ExitCode.OK
    assert reserve("444444444444") == ExitCode.NEGATIVE
    assert _owners(table) == {"333333333333"}
    assert "is reserved for account 333333333333. Choose another name" in capsys.readouterr().err


def test_all_reservations_are_listed(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    """Sorted, one per line, tabs between: for people and for `cut`."""
    assert table == {}
    reserve("444444444444", "--environment", "prod")
    reserve("333333333333", "--environment", "dev")
    capsys.readouterr()
    assert run(["names", "list"]) == ExitCode.OK
    assert capsys.readouterr().out == (
        "dev\ttoken-service\t333333333333/token-service\nprod\ttoken-service\t444444444444/token-service\n"
    )


def test_an_empty_list_is_said_aside(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing on stdout, so that a script reads nothing."""
    assert table == {}
    assert run(["names", "list"]) == ExitCode.OK
    assert capsys.readouterr() == ("", "No short name is reserved.\n")


def test_without_a_centre_it_says_what_to_deploy(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong account, wrong Region, or not deployed yet."""
    table["answer"] = lambda: (
        400,
        {"__type": "x#ResourceNotFoundException", "message": "Requested resource not found"},
    )
    for arguments in (["reserve", "token-service", "--account", "333333333333"], ["list"]):
        assert run(["names", *arguments]) == ExitCode.REFUSED
        said = capsys.readouterr().err
        assert "no table cross-account-permission-grants in us-east-1" in said
        assert "templates/central.yaml" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Token Service", "--account", "333333333333"], "lower-case letters"),
        (["token-service", "--account", "3333"], "Give 12 digits"),
        (["token-service", "--account", "333333333333", "--environment", "Dev!"], "lower-case letters"),
        (["token-service"], "--account"),
    ],
)
def test_what_no_target_could_be_called_is_refused(
    table: Table, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is written."""
    assert run(["names", "reserve", *arguments]) == ExitCode.USAGE
    assert words in capsys.readouterr().err
    assert table == {}
