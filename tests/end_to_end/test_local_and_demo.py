"""`make local` and `make demo`, as people run them."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provider.localcloud.environments import Environment, ensure

ROOT = Path(__file__).parents[2]
CROSSACCOUNT = (sys.executable, "-c", "from provider.cli.main import main; main()")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[str], str, Path]]:
    """`crossaccount local` with a further account, its ready line, and where its files lie."""
    files, port = tmp_path_factory.mktemp("local"), free_port()
    options = ("--port", str(port), "--files", str(files), "--accounts", "payments=555555555555")
    with subprocess.Popen([*CROSSACCOUNT, "local", *options], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline(), files
        if process.poll() is None:
            process.send_signal(signal.SIGINT)


def aws(files: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The AWS CLI as in another terminal, with the two variables set as the ready line says."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SSL_"))}
    environment |= {"AWS_CONFIG_FILE": str(files / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(files / "credentials")}
    command = [ensure(Environment.AWSCLI) / "bin" / "aws", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_it_says_in_one_line_when_it_is_ready(local: tuple[object, str, Path]) -> None:
    _, ready, files = local
    assert ready.startswith("Ready on http://127.0.0.1:")
    assert f"AWS_CONFIG_FILE={files}/config AWS_SHARED_CREDENTIALS_FILE={files}/credentials" in ready
    assert "payments" in ready


def test_the_ordinary_aws_cli_deploys_to_a_further_account(local: tuple[object, str, Path]) -> None:
    """The stack fails as it should, and its events say why."""
    template = Path(__file__).parent / "templates" / "permission.yaml"
    deploy = ("cloudformation", "deploy", "--stack-name", "my", "--template-file", str(template))
    target = ("--capabilities", "CAPABILITY_IAM", "--parameter-overrides", "Target=333333333333/nothing")
    done = aws(local[2], "--profile", "payments", *deploy, *target)
    assert done.returncode != 0
    query = "StackEvents[?ResourceStatus=='CREATE_FAILED'].ResourceStatusReason"
    events = ("cloudformation", "describe-stack-events", "--stack-name", "my", "--query", query, "--output", "text")
    assert "is not published" in aws(local[2], "--profile", "payments", *events).stdout


def test_ctrl_c_ends_everything_it_started(local: tuple[subprocess.Popen[str], str, Path]) -> None:
    process, ready, _ = local
    port = int(ready.split("127.0.0.1:")[1].split(",")[0])
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    with socket.socket() as one:
        assert one.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture(scope="module")
def demo() -> subprocess.CompletedProcess[str]:
    """One run, as it prints into a file."""
    environment = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "COLUMNS")}
    return subprocess.run(
        [*CROSSACCOUNT, "demo"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_the_demo_shows_and_checks_every_step(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.returncode == 0, demo.stdout[-3000:] + demo.stderr
    for step in ("1. The owner", "2. A consumer", "3. An update", "4. Another account", "5. The consumer deletes"):
        assert step in demo.stdout
    assert "is not allowed by target" in demo.stdout


def test_the_recording_of_the_demo_is_what_it_prints(demo: subprocess.CompletedProcess[str]) -> None:
    """But for ids and counts, which differ from run to run; `make docs` records it anew."""
    page = ROOT / "docs" / "demo.md"
    head, recorded, tail = re.split(r"(?<=```text\n)(.*?)(?=```)", page.read_text("utf-8"), flags=re.DOTALL)
    printed = as_recorded(demo.stdout)
    if os.environ.get("WRITE_DOCS"):
        page.write_text(f"{head}{printed}{tail}", "utf-8")
    else:
        assert recorded == printed


def as_recorded(printed: str) -> str:
    """The steps, with stand-ins for what is made anew in every run; without the title, and what is told of setting up."""
    text = printed[printed.index("1. ") :]
    for pattern, told in _STAND_INS.items():
        text = re.sub(pattern, told, text)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


_STAND_INS = {
    r"(?<=https://)[0-9a-z]+(?=\.execute-api)": "a1b2c3d4e5",
    r"(?<=:)[0-9a-z]+(?=/authorizers/)": "a1b2c3d4e5",
    r"(?<=/authorizers/)[0-9a-z]+": "f6g7h8",
    r"(?<=OnlyAuthorizerId=)[0-9a-z]+": "f6g7h8",
    r"CrossAccount[0-9a-f]{8}Authorizer[0-9a-f]{16}": "CrossAccount…Authorizer…",
    r"(?<=function:token-service-)[0-9A-Za-z-]+": "…",
    r"(?<=looked at )\d+": "…",
    r"(?<=RequestId: )[0-9a-f-]+": "…",
}


@pytest.mark.parametrize(
    "wrong", ["payments", "payments=12", "=555555555555", "pay ments=555555555555", "p=\u0665" + "5" * 11]
)
def test_an_account_that_is_none_is_refused(wrong: str) -> None:
    done = subprocess.run(
        [*CROSSACCOUNT, "local", "--accounts", wrong], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Write a name and 12 digits" in done.stderr


def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        port = str(one.getsockname()[1])
        done = subprocess.run(
            [*CROSSACCOUNT, "local", "--port", port], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert done.returncode == 3
    assert f"Port {port} on 127.0.0.1 is taken" in done.stderr
