"""`call` as a shell meets it: what it sends, what it prints, what it says where it cannot, and nothing that is secret."""

import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from provider.cli.errors import ExitCode
from provider.cli.main import run

URL = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/prod/orders"
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE0000000KEY",
    "AWS_SECRET_ACCESS_KEY": "very-secret-key",
    "AWS_SESSION_TOKEN": "t0ken+/=",
}

ARN = "arn:aws:sts::111111111111:assumed-role/buyer/job-7"
IDENTITY = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    f"<Arn>{ARN}</Arn><UserId>x</UserId><Account>111111111111</Account></GetCallerIdentityResult>"
    "</GetCallerIdentityResponse>"
)


@dataclass
class Gateway:
    """An API, and STS beside it, on loopback: what they were asked and what the API answers."""

    endpoint: str = ""
    status: int = 200
    body: bytes = b'{"orders": []}'
    headers: dict[str, str] = field(default_factory=dict)
    echoes: bool = False
    waits: bool = False
    identity: bool = True
    asked: list[dict[str, Any]] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    @property
    def only(self) -> dict[str, Any]:
        """The one call of the API."""
        (asked,) = [one for one in self.asked if one["headers"]["host"].startswith("a1b2c3d4e5")]
        return asked


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    twin = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            twin.asked.append({"method": self.command, "target": self.path, "headers": headers, "body": body})
            if twin.waits:
                twin.over.wait(30)
                return
            answer = json.dumps(headers).encode() if twin.echoes else twin.body
            is_sts = b"Action=GetCallerIdentity" in body and twin.identity
            if is_sts:
                answer = IDENTITY.encode()
            self.send_response(200 if is_sts else twin.status)
            for name, value in {**twin.headers, "Content-Length": str(len(answer))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_PUT = answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        twin.endpoint = f"http://127.0.0.1:{server.server_port}"
        environment = {**KEYS, "AWS_ENDPOINT_URL": twin.endpoint, "AWS_EC2_METADATA_DISABLED": "true"}
        for name, value in {**environment, "AWS_CONFIG_FILE": os.devnull, "AWS_MAX_ATTEMPTS": "1"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        yield twin
        twin.over.set()
        server.shutdown()


def test_success_is_said_with_status_and_answer(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    """Signed for the Region that the host says, under that host, wherever the endpoint is."""
    assert run(["call", URL]) == ExitCode.OK
    assert capsys.readouterr() == ('SUCCESS 200\n{"orders": []}\n', "")
    asked = gateway.only
    assert (asked["method"], asked["target"]) == ("GET", "/prod/orders")
    assert asked["headers"]["host"] == "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
    assert "/eu-central-1/execute-api/aws4_request" in asked["headers"]["authorization"]
    assert asked["headers"]["x-amz-security-token"] == KEYS["AWS_SESSION_TOKEN"]


def test_failure_is_exit_code_1_with_the_cause(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    """The answer on stdout, the cause on stderr."""
    gateway.status, gateway.body = 403, b'{"message":"Missing Authentication Token"}'
    gateway.headers = {"x-amzn-ErrorType": "MissingAuthenticationTokenException"}
    assert run(["call", URL]) == ExitCode.NEGATIVE
    printed = capsys.readouterr()
    assert printed.out == 'FAILED 403 MissingAuthenticationTokenException\n{"message":"Missing Authentication Token"}\n'
    assert printed.err.startswith(
        "Error: The request is signed, so it is the method that is missing: stage prod has no GET"
    )


@pytest.mark.parametrize(("identity", "who"), [(True, ARN), (False, "the caller")])
def test_the_cause_names_the_caller_where_sts_does(
    gateway: Gateway, capsys: pytest.CaptureFixture[str], identity: bool, who: str
) -> None:
    """Where STS says nothing of use, the cause is told all the same."""
    gateway.status, gateway.identity = 403, identity
    gateway.body = b'{"Message":"User: x is not authorized to perform: execute-api:Invoke on resource: arn:x"}'
    assert run(["call", URL]) == ExitCode.NEGATIVE
    assert f"as deployed to stage prod, does not let {who} in." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "method", "body", "kind"),
    [
        ([], "GET", b"", None),
        (["--method", "put"], "PUT", b"", None),
        (["--data", '{"item": "tea"}'], "POST", b'{"item": "tea"}', "application/json"),
        (["--data", "tea"], "POST", b"tea", "text/plain; charset=utf-8"),
        (["--data", "tea", "--method", "PUT"], "PUT", b"tea", "text/plain; charset=utf-8"),
        (["--data", "a=b", "--header", "content-type=text/x"], "POST", b"a=b", "text/x"),
        (["--data", "@{file}"], "POST", b"\x00\xff", "text/plain; charset=utf-8"),
        (["--data", ""], "POST", b"", None),
    ],
)
def test_what_is_sent_is_what_was_asked_for(
    gateway: Gateway, tmp_path: Path, options: list[str], method: str, body: bytes, kind: str | None
) -> None:
    (tmp_path / "body").write_bytes(b"\x00\xff")
    assert run(["call", URL, *(each.replace("{file}", str(tmp_path / "body")) for each in options)]) == ExitCode.OK
    asked = gateway.only
    assert (asked["method"], asked["body"], asked["headers"].get("content-type")) == (method, body, kind)


def test_headers_are_sent_and_signed(gateway: Gateway) -> None:
    """A value may hold an equals sign."""
    assert run(["call", URL, "--header", "X-Order=a=b", "--header", "Accept=application/json"]) == ExitCode.OK
    headers = gateway.only["headers"]
    assert (headers["x-order"], headers["accept"]) == ("a=b", "application/json")
    assert "accept" in headers["authorization"]
    assert "x-order" in headers["authorization"]


def test_an_unsigned_request_carries_nothing_of_the_caller(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """And needs no credentials."""
    for name in KEYS:
        monkeypatch.delenv(name)
    assert run(["call", URL, "--unsigned", "--header", "Authorization=Bearer demo"]) == ExitCode.OK
    headers = gateway.only["headers"]
    assert headers["authorization"] == "Bearer demo"
    assert not any(name.startswith("x-amz") for name in headers)


def test_a_domain_of_one_s_own_takes_the_region_that_is_told(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the profile's; the host's own goes before that, and what is told before both."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    for url, options, region in (
        ("https://api.example.com/orders", ["--region", "eu-west-3"], "eu-west-3"),
        ("https://api.example.com/orders", [], "us-west-2"),
        (URL, [], "eu-central-1"),
        (URL, ["--region", "eu-west-3"], "eu-west-3"),
    ):
        assert run(["call", url, *options]) == ExitCode.OK
        assert f"/{region}/execute-api/" in gateway.asked[-1]["headers"]["authorization"]


@pytest.mark.parametrize("way", ["profile", "service"])
def test_the_profile_s_endpoint_is_connected_to(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str
) -> None:
    """As the local cloud's profiles have it; an environment variable for the service does as well."""
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    file = tmp_path / "config"
    told = f"endpoint_url = {gateway.endpoint}" if way == "profile" else ""
    file.write_text(f"[profile buyer]\nregion = us-east-1\n{told}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    (tmp_path / "keys").write_text("[buyer]\naws_access_key_id = a-key-of-mine\naws_secret_access_key = x\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "keys"))
    if way == "service":
        monkeypatch.setenv("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", gateway.endpoint)
    assert run(["call", URL, "--profile", "buyer"]) == ExitCode.OK
    assert "Credential=a-key-of-mine/" in gateway.only["headers"]["authorization"]


@pytest.mark.parametrize("status", [200, 403])
def test_an_api_that_echoes_the_request_shows_no_credential(
    gateway: Gateway, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    """Neither key, secret, token nor signature; nor a header of the caller's that is one."""
    gateway.status, gateway.echoes = status, True
    options = ["--header", "x-api-key=key-of-a-plan", "--header", "Cookie=session-of-mine"]
    assert run(["call", URL, *options]) == (ExitCode.OK if status == 200 else ExitCode.NEGATIVE)
    printed = capsys.readouterr()
    signature = gateway.only["headers"]["authorization"].partition("Signature=")[2]
    for secret in (*KEYS.values(), signature, "key-of-a-plan", "session-of-mine"):
        assert secret not in printed.out + printed.err
    assert "[hidden]" in printed.out


def test_a_cause_that_names_what_was_sent_shows_no_credential(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though somebody has put it into the path as well."""
    gateway.status, gateway.body = 403, b'{"message":"Missing Authentication Token"}'
    assert run(["call", f"{URL}/key-of-a-plan", "--header", "x-api-key=key-of-a-plan"]) == ExitCode.NEGATIVE
    assert "stage prod has no GET /orders/[hidden]." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["http://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/"], "https://"),
        (["a1b2c3d4e5"], "https://"),
        (["https://user:password@api.example.com/", "--region", "us-east-1"], "a user in front"),
        (["https://api.example.com/orders"], "Name it by --region"),
        ([URL, "--header", "=x"], "no name of a header"),
        ([URL, "--header", "Host=example.com"], "Change the URL"),
        ([URL, "--header", "Authorization=Bearer very-secret-token"], "--unsigned"),
        ([URL, "--data", "@/nowhere/body.json"], "/nowhere/body.json cannot be read: No such file or directory."),
        ([URL, "--data", "@"], "cannot be read"),
        ([URL, "--method", "GET IT"], "no HTTP method"),
        ([URL, "--unsigned", "--role-arn", "arn"], "Leave out one of them"),
        ([URL, "--external-id", "x"], "--role-arn"),
        (["https://api.example.com/", "--region", "us-east-1", "--vpc-endpoint", "x.example.com"], "names no API"),
        ([URL, "--timeout", "0"], "--timeout"),
    ],
)
def test_what_cannot_be_called_is_a_wrong_command_line(
    gateway: Gateway, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, nothing sent, and no value of a header in it."""
    assert run(["call", *arguments]) == ExitCode.USAGE
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.err.count("\n") == 1
    assert "very-secret-token" not in printed.err
    assert gateway.asked == []


def without_credentials(monkeypatch: pytest.MonkeyPatch, _: Gateway) -> list[str]:
    for name in KEYS:
        monkeypatch.delenv(name)
    return []


def of_nobody(_: pytest.MonkeyPatch, __: Gateway) -> list[str]:
    return ["--profile", "nobody"]


def of_no_centre(_: pytest.MonkeyPatch, __: Gateway) -> list[str]:
    return ["--central-profile", "nobody"]


def with_nobody_listening(monkeypatch: pytest.MonkeyPatch, _: Gateway) -> list[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
    return []


def with_an_endpoint_that_is_none(monkeypatch: pytest.MonkeyPatch, _: Gateway) -> list[str]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    return []


def without_an_answer(_: pytest.MonkeyPatch, gateway: Gateway) -> list[str]:
    gateway.waits = True
    return ["--timeout", "1"]


@pytest.mark.parametrize(
    ("befalls", "words"),
    [
        (without_credentials, "Name a profile with valid credentials by --profile"),
        (of_nobody, "list-profiles"),
        (of_no_centre, "list-profiles"),
        (with_nobody_listening, "Check the network"),
        (with_an_endpoint_that_is_none, "Correct endpoint_url"),
        (without_an_answer, "Check the network"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_this_machine_lacks_is_exit_code_3(
    gateway: Gateway,
    monkeypatch: pytest.MonkeyPatch,
    befalls: Callable[[pytest.MonkeyPatch, Gateway], list[str]],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One sentence with a remedy, and no word of success or failure of the API's."""
    assert run(["call", URL, *befalls(monkeypatch, gateway)]) == ExitCode.ENVIRONMENT
    printed = capsys.readouterr()
    assert printed.out == ""
    assert words in printed.err
    assert printed.err.count("\n") == 1
    assert not any(secret in printed.err for secret in KEYS.values())
