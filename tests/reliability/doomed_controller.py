"""A controller in a process of its own that kills itself with SIGKILL at one of its calls. Run by test_process_kill.

On stdin it is told where the cloud is and what to handle. Just before the end it writes to stdout the effects that only its
own hooks have seen. Both are pickled.
"""

import os
import pickle
import signal
import sys
from typing import Any, NoReturn

from controller_process import ControllerProcess
from crash_hooks import Point, When
from hours import Hours


def run(told: dict[str, Any]) -> None:
    """Handle the event, as far as it goes."""
    controller = ControllerProcess(told["endpoint"], tuple(told["keys"]), Hours(told["time"]), told["shards"])
    wire = controller.wire
    wire.documents, wire.deployments = told["documents"], told["deployments"]

    def killed() -> NoReturn:
        sys.stdout.buffer.write(pickle.dumps(wire.effects))
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    wire.stopping = killed
    controller.invoke(told["event"], Point(told["number"], When(told["when"])))


def main() -> None:
    """Be the process."""
    run(pickle.load(sys.stdin.buffer))  # noqa: S301 - our own parent wrote it
