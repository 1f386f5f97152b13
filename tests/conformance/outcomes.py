"""What became of each test of a run, in words that are shown to people."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import ClientError
from not_on_aws import NotOnAws
from undoing import THROTTLED

from provider.rollout.stacks import StackFailed

_LONGEST = 240  # characters of what is said of one test
_SAYS_OTHERWISE = ("AssertionError", "Failed")


class Outcome(StrEnum):
    """Whether AWS does what the test says."""

    SAME = "same"
    DIFFERS = "differs"
    BROKE = "broke off"
    UNCHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Case:
    """One test with one set of parameters; `seen` is what it has noted."""

    test: str
    outcome: Outcome
    detail: str = ""
    seen: str = ""


def of_error(error: BaseException) -> tuple[Outcome, str]:
    """What an exception that ended a test says of AWS: another answer than was expected, or nothing."""
    if isinstance(error, NotOnAws):
        return Outcome.UNCHECKED, str(error)
    name = type(error).__name__
    if isinstance(error, ClientError) and error.response["Error"]["Code"] in THROTTLED:
        return Outcome.BROKE, short(str(error))
    if name in _SAYS_OTHERWISE or isinstance(error, ClientError | StackFailed):
        return Outcome.DIFFERS, short(str(error))
    return Outcome.BROKE, short(f"{name}: {error}")


def together(cases: Sequence[Case]) -> Case:
    """What all cases of one test say: one that differs is enough."""
    order = (Outcome.DIFFERS, Outcome.BROKE, Outcome.SAME, Outcome.UNCHECKED)
    worst = next(outcome for outcome in order if any(case.outcome is outcome for case in cases))
    those = [case for case in cases if case.outcome is worst]
    detail, seen = those[0].detail, "; ".join(dict.fromkeys(case.seen for case in cases if case.seen))
    if len(those) < len(cases):
        detail = f"{detail} ({len(those)} of {len(cases)} cases)".lstrip()
    return Case(those[0].test.partition("[")[0], worst, detail, seen)


def short(text: str) -> str:
    """One line without what a URL carries after its path, which may be a credential (a ResponseURL is one)."""
    plain = re.sub(r"(https?://[^\s?'\"]+)\?[^\s'\"]*", r"\1", " ".join(text.split()))
    plain = re.sub(r"(?i)(x-amz-(?:security-token|signature|credential)\W{1,6})[^\s&'\"]+", r"\1…", plain)
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1]}…"
