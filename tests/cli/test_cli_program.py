"""The program as a shell meets it: help, exit codes, closed pipes, interruption."""

import os
import re
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner

from provider import __version__
from provider.cli.errors import MEANINGS, ExitCode
from provider.cli.main import COMMANDS, program

ROOT = Path(__file__).parents[2]
PROGRAM = "import sys; from provider.cli.main import main; main()"


def crossaccount(
    *arguments: str, cwd: Path = ROOT, code: str = PROGRAM, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own, without any of this machine's AWS settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    clean |= {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        cwd=cwd,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def assert_one_sentence(done: subprocess.CompletedProcess[str], code: ExitCode, *words: str) -> None:
    """Exactly one line on stderr, no traceback, and the exit code that `--help` documents."""
    assert done.returncode == code, done.stderr
    assert re.fullmatch(r"Error: [^\n]+\.\n", done.stderr), done.stderr
    for word in words:
        assert word in done.stderr


def test_help_names_every_command_with_examples_and_exit_codes() -> None:
    """All that one needs to begin."""
    text = crossaccount("--help").stdout
    assert "Examples:" in text
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", text, re.MULTILINE)
    for code, meaning in MEANINGS.items():
        assert re.search(rf"^ +{code.value}  {re.escape(meaning)}$", text, re.MULTILINE)


def test_every_exit_code_has_its_meaning() -> None:
    """None is left undocumented, and scripts rely on the numbers."""
    assert set(MEANINGS) == set(ExitCode)
    assert [code.value for code in ExitCode] == [0, 1, 2, 3, 4, 5, 70, 130, 141]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_sentence_and_an_example(name: str) -> None:
    """Its own help stands on its own."""
    command = import_module(f"provider.cli.{name}").command
    done = CliRunner().invoke(program, [name, "--help"])
    assert done.exit_code == 0
    assert command.help
    assert f"crossaccount {name}" in re.split("Examples?:", done.output)[1]


def test_the_version_is_the_packages() -> None:
    """One source."""
    assert crossaccount("--version").stdout == f"crossaccount, version {__version__}\n"


@pytest.mark.parametrize("arguments", [("relase",), ("package", "--nonsense"), ("release", "central")])
def test_a_wrong_command_line_points_to_the_help(arguments: tuple[str, ...]) -> None:
    """Exit code 2, as every shell tool."""
    assert_one_sentence(crossaccount(*arguments), ExitCode.USAGE, "--help`")


def test_help_and_version_load_no_aws_library() -> None:
    """They answer at once."""
    code = f"{PROGRAM.replace('main()', '')}\ntry: main()\nfinally: assert 'botocore' not in sys.modules"
    assert crossaccount("--version", code=code).returncode == 0


def test_a_profile_that_does_not_exist() -> None:
    """Found before anything is built."""
    done = crossaccount("release", "--profile", "nobody", "--region", "us-east-1")
    assert_one_sentence(done, ExitCode.ENVIRONMENT, "(nobody)", "list-profiles")


def test_no_credentials() -> None:
    """Likewise."""
    assert_one_sentence(crossaccount("release", "--region", "us-east-1"), ExitCode.ENVIRONMENT, "--profile", "log in")


def test_no_region() -> None:
    """Neither told nor configured."""
    assert_one_sentence(crossaccount("release"), ExitCode.ENVIRONMENT, "--region")


def test_an_endpoint_that_nobody_listens_on() -> None:
    """Port 1 on loopback stands for a network that does not lead to AWS."""
    done = crossaccount(
        "release",
        "--region",
        "us-east-1",
        AWS_ENDPOINT_URL="http://127.0.0.1:1",
        AWS_ACCESS_KEY_ID="none",
        AWS_SECRET_ACCESS_KEY="none",
        AWS_MAX_ATTEMPTS="1",
    )
    assert_one_sentence(done, ExitCode.ENVIRONMENT, "http://127.0.0.1:1", "Check the network")


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    """A file stands in its place."""
    (tmp_path / "file").touch()
    done = crossaccount("package", "--directory", str(tmp_path / "file" / "dist"))
    assert_one_sentence(done, ExitCode.ENVIRONMENT, str(tmp_path / "file"), "permissions")


def test_package_prints_what_it_built(tmp_path: Path) -> None:
    """A line per zip, and nothing but text when nobody's terminal reads it."""
    (tmp_path / ".wheels").symlink_to(ROOT / "dist" / ".wheels")
    (ROOT / "dist" / ".wheels").mkdir(parents=True, exist_ok=True)
    done = crossaccount("package", "--directory", str(tmp_path))
    assert done.returncode == 0, done.stderr
    zips = sorted(str(path) for path in tmp_path.glob("*.zip"))
    assert sorted(line.split()[0] for line in done.stdout.splitlines() if " bytes " in line) == zips
    assert "\x1b" not in done.stdout


PRINTING = """
import sys
from provider.cli.errors import guarded
sys.exit(guarded(lambda: print("a little")))
"""


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("code", "arguments"), [(PROGRAM, "--help"), (PROGRAM, "release --help"), (PROGRAM, "--version"), (PRINTING, "")]
)
def test_a_reader_that_goes_away(code: str, arguments: str, unbuffered: str) -> None:
    """The program starts only once the reader has surely gone; what is buffered fails as late as it can, and once."""
    gone = f'exec 3> >(:); wait $!; "$PYTHON" -c "$CODE" {arguments} >&3'
    done = subprocess.run(
        ["bash", "-c", gone],
        env=os.environ | {"PYTHON": sys.executable, "CODE": code, "PYTHONUNBUFFERED": unbuffered},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert_one_sentence(done, ExitCode.OUTPUT_CLOSED, "reader")


WAITING = """
import sys, time
from provider.cli import main, package
def build(_):
    print("building", flush=True)
    time.sleep(60)
package.build = build
main.main()
"""


def test_ctrl_c() -> None:
    """Code 130, as shells expect of it."""
    running = subprocess.Popen(
        [sys.executable, "-c", WAITING, "package"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "building\n"
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=30)
    assert running.returncode == ExitCode.INTERRUPTED
    assert said.strip().startswith("Error: Interrupted.")
    assert "Traceback" not in said


def test_a_fault_of_ours_is_owned() -> None:
    """It asks for a report, and shows where it was only when told to."""
    code = WAITING.replace("time.sleep(60)", "raise RuntimeError('lost\\ntwo')")
    done = crossaccount("package", code=code)
    assert_one_sentence(done, ExitCode.FAULT, "RuntimeError: lost two.", "CROSSACCOUNT_DEBUG=1")
    told = crossaccount("package", code=code, CROSSACCOUNT_DEBUG="1")
    assert "Traceback" in told.stderr
