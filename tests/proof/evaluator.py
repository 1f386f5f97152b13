"""An independent second opinion on what policies allow: npm's `@cloud-copilot/iam-simulate`, asked as a process of its own.

It is licensed under the AGPL: a development tool beside the tests, never imported and in no package.
"""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from node_environment import NodeEnvironment, node

_MADE_OF = ("requirements.txt", "package.json", "package-lock.json", ".npmrc", "evaluator.mjs")
ENVIRONMENT = NodeEnvironment("proof", Path(__file__).parent, _MADE_OF)


@dataclass(frozen=True, slots=True)
class Question:
    """May `principal` do `action` on `resource` of the account `owner`? What has parts is JSON text, so that questions compare.

    `keys` are the request's condition keys, `identity` the policies of the caller, `session` what narrows its session,
    `policy` the resource's own.
    """

    principal: str
    action: str
    resource: str
    owner: str
    keys: str
    identity: tuple[str, ...] = ()
    session: str = ""
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Opinion:
    """Whether it is allowed. `unplaced` says why the evaluator's list of resource types was left aside; "" if it was not."""

    allowed: bool
    unplaced: str


class Evaluator:
    """The process; use as a context manager."""

    def __init__(self) -> None:
        home = ENVIRONMENT.ensure()
        pipe, command = subprocess.PIPE, [str(node(home)), str(home / "evaluator.mjs")]
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=home)

    def judge(self, questions: Sequence[Question]) -> list[Opinion]:
        """Its opinion on each question."""
        return self._ask(questions, None)

    def first(self, questions: Sequence[Question], *, allowed: bool) -> int | None:
        """The place of the first question that is answered so; None where there is none."""
        found = self._ask(questions, allowed)
        return len(found) - 1 if found and found[-1].allowed is allowed else None

    def _ask(self, questions: Sequence[Question], until: bool | None) -> list[Opinion]:
        into, out = self._process.stdin, self._process.stdout
        assert into is not None
        assert out is not None
        into.write(json.dumps({"questions": [asdict(one) for one in questions], "until": until}) + "\n")
        into.flush()
        said = json.loads(out.readline() or '{"error": "the evaluator has ended"}')
        assert "error" not in said, said["error"]
        return [Opinion(**answer) for answer in said["answers"]]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(timeout=10)
