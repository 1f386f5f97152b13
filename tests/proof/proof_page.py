"""The page of the docs that lists every mutant of every statement, and what it shows in."""

from collections.abc import Mapping

from rolled_out import ROOT

PAGE = ROOT / "docs" / "permission-proof.md"
CALL = "a call of ours is refused"

_HEAD = """\
# Every permission, proven

<!-- Written by `make docs` from what tests/proof has shown; a test compares. -->

Each row is one change of one statement of [the templates](../templates), alone: an action less, a condition less, everybody or
everything in place of whom or what it names. What the change shows in is either a call that the system makes in a life of
all that it does, which is refused then, or an attack, which is let through then: the first of them, in the order of
[attacks.py](../tests/proof/attacks.py). The attacks are real calls on the [local cloud](local-cloud.md), and requests that no
client can send there. Calls and attacks are recorded with all that conditions see of them, and judged by an independent
evaluator under the policies as deployed, and under each change. Where it shows in nothing, there is a reason.

Statements that the templates have only with `KmsKeyArn` or `AskOrganization` are not among them: the local cloud's tables have no keys, and
its central account is not the organization's management account.
"""


def page(rows: Mapping[tuple[str, str, str], str]) -> str:
    """The page; `rows` are by resource, Sid and change."""
    text = _HEAD
    before = ("", "")
    for (resource, sid, change), shown in sorted(rows.items()):
        if (resource, sid) != before:
            title = f"`{resource}`" if resource == sid else f"`{resource}`, `{sid}`"
            text += f"\n## {title}\n\n| changed | shows in |\n|---|---|\n"
            before = (resource, sid)
        text += f"| {_cell(change)} | {shown} |\n"
    return text


def _cell(change: str) -> str:
    """A change with what is of a policy as code."""
    words = change.split(" ")
    return " ".join(f"`{word}`" if ":" in word or word == "*" else word for word in words)
