"""`python -m provider.localcloud`: a local AWS in the foreground, until Ctrl-C."""

import argparse
import signal
import sys
from pathlib import Path

from provider.localcloud.cloud import LocalCloud
from provider.localcloud.failures import LocalCloudError


def main() -> int:
    """Run until interrupted; 1 with a sentence on the error output if the cloud does not start."""
    asked = _arguments().parse_args()
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell may have told us to ignore the first
        signal.signal(ending, signal.default_int_handler)
    try:
        with LocalCloud.start(
            directory=asked.directory,
            accounts=dict(asked.accounts),
            outside=dict(asked.outside),
            port=asked.port,
            organization=asked.organization,
            region=asked.region,
        ) as cloud:
            print(ready(cloud), flush=True)  # noqa: T201 - what the user waits for
            cloud.wait()
    except LocalCloudError as error:
        print(error, file=sys.stderr)  # noqa: T201 - why there is nothing to wait for
        return 1
    except KeyboardInterrupt:
        return 0
    print("The local cloud has ended by itself; see its log.", file=sys.stderr)  # noqa: T201 - an odd end
    return 1


def ready(cloud: LocalCloud) -> str:
    """The line that says that the cloud is ready and how to use it from another terminal."""
    return (
        f"ready on {cloud.endpoint}; in another terminal: export AWS_CONFIG_FILE={cloud.config_file} "
        f"AWS_SHARED_CREDENTIALS_FILE={cloud.credentials_file}; then aws --profile {next(iter(cloud.accounts))} …"
    )


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m provider.localcloud", description=__doc__)
    parser.add_argument("--accounts", nargs="+", type=_account, required=True, metavar="NAME=ID")
    parser.add_argument("--outside", nargs="*", type=_account, default=[], metavar="NAME=ID")
    parser.add_argument("--port", type=int, default=4566)
    parser.add_argument("--directory", type=Path, default=Path(".local"))
    parser.add_argument("--organization", default="o-localcloud")
    parser.add_argument("--region", default="us-east-1")
    return parser


def _account(text: str) -> tuple[str, str]:
    name, _, number = text.partition("=")
    if not (name and len(number) == 12 and number.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=ID with an id of 12 digits")
    return name, number


if __name__ == "__main__":
    sys.exit(main())
