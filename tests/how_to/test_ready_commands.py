"""A command that is forked from a process that has loaded it runs as one that was started."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ready_commands import aws_cli, ready

from provider.localcloud.environments import Environment, ensure

COMMAND = """
import os, signal, sys, time
os.environ["SET_BY_LOADING"] = "1"
def main():
    print(sys.argv[1:], os.environ["WORD"], os.environ["SET_BY_LOADING"], os.getcwd(), sys.stdin.read())
    print("to stderr", file=sys.stderr)
    if "die" in sys.argv:
        os.kill(os.getpid(), signal.SIGKILL)
    if "stay" in sys.argv:
        print(os.getpid(), flush=True)
        time.sleep(60)
    return 3
"""


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("command")
    (directory / "a_command.py").write_text(COMMAND)
    return ready(Path(sys.executable), "a_command:main", "a-command", str(directory))


@pytest.mark.parametrize("word", ["sun", "rain"])
def test_a_run_has_what_its_caller_gives_and_ends_as_the_command_does(command: Path, tmp_path: Path, word: str) -> None:
    done = subprocess.run(
        [command, "a b", ""],
        env={"WORD": word},
        cwd=tmp_path,
        input=f"in {word}",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == f"['a b', ''] {word} 1 {tmp_path} in {word}\n"
    assert (done.stderr, done.returncode) == ("to stderr\n", 3)


def test_a_run_that_is_killed_says_so_as_a_shell_does(command: Path) -> None:
    done = subprocess.run([command, "die"], env={"WORD": ""}, input=b"", capture_output=True, check=False)
    assert done.returncode == 128 + signal.SIGKILL


def test_a_run_ends_with_its_caller(command: Path) -> None:
    with subprocess.Popen(
        [command, "stay"], env={"WORD": ""}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as caller:
        assert caller.stdout is not None
        caller.stdout.readline()
        run = os.pidfd_open(int(caller.stdout.readline()))
        caller.kill()
        assert select.select([run], [], [], 20)[0] == [run], "its handle is readable once it has ended"
        os.close(run)


def test_the_aws_cli_says_the_version_that_is_installed() -> None:
    started = ensure(Environment.AWSCLI) / "bin" / "aws"
    printed = [subprocess.check_output([one, "--version"], text=True) for one in (started, aws_cli())]
    assert printed[0] == printed[1]
