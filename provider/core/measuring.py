"""What is measured: how many grants came and went, how passes do, how full policies are, how long requests wait.

Numbers without names: which resource, grant or account it was says the log and the ledger's findings.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from provider.core.auditing import AuditEvent, Happening
from provider.core.concluding import Outcome, Passed
from provider.core.errors import LedgerConflict
from provider.core.findings import FindingKind, Look


class Measure(StrEnum):
    """A metric; beside each, its unit and when it is recorded."""

    GRANTED = "Granted"  # a count, for each grant that came into force
    WITHDRAWN = "Withdrawn"  # a count, for each grant that has gone
    REFUSED = "Refused"  # a count, for each request that was refused
    SUSPENDED = "Suspended"  # a count, for each grant that its owner, its time or a quarantine has suspended
    RECONCILE_TIME = "ReconcileTime"  # seconds, of each pass
    FAILED_PASSES = "FailedPasses"  # a count, for each pass that has not got its resource to where it should be
    DRIFT = "Drift"  # a count, for each kind of drift that a pass has found
    ORPHANS = "Orphans"  # a count, for each pass over a resource on which withdrawn statements stay
    UNEXPLAINED = (
        "UnexplainedRemovals"  # a count, of the permissions that a pass has left because no record explains them
    )
    FULLNESS = "PolicyFullness"  # per cent of its limit, of each policy that a pass has seen
    OLDEST_WAITING = "OldestWaitingRequest"  # seconds, of each round: 0 where none waits


Measured = tuple[Measure, float]

_OF_EVENTS = {
    Happening.GRANTED: Measure.GRANTED,
    Happening.WITHDRAWN: Measure.WITHDRAWN,
    Happening.REFUSED: Measure.REFUSED,
    Happening.SUSPENDED: Measure.SUSPENDED,
}
_DRIFT = frozenset(
    {
        FindingKind.REPAIRED,
        FindingKind.REMOVED,
        FindingKind.UNEXPLAINED,
        FindingKind.TAMPERED,
        FindingKind.OTHER_CENTRE,
        FindingKind.GONE,
        FindingKind.SHUT_OUT,
        FindingKind.ABANDONED,
        FindingKind.HELD_BACK,
    }
)


def of_events(events: Iterable[AuditEvent]) -> tuple[Measured, ...]:
    """The measures of what has become of grants."""
    return tuple((_OF_EVENTS[one.happening], 1.0) for one in events if one.happening in _OF_EVENTS)


def of_a_pass(
    passed: Passed, findings: Sequence[tuple[str, str]], look: Look | None, size: int | None, seconds: float
) -> tuple[Measured, ...]:
    """The measures of a pass.

    Args:
        passed: how it ended.
        findings: (kind, detail) of what it has found.
        look: what it has seen of the policy; None where it has seen nothing.
        size: characters of the policy as it stands now, where that is known.
        seconds: how long it took.
    """
    kinds = [kind for kind, _ in findings]
    drift = sum(kind in _DRIFT for kind in kinds)
    found: list[Measured] = [(Measure.RECONCILE_TIME, seconds)]
    found += [(Measure.FAILED_PASSES, 1.0)] if has_failed(passed) else []
    found += [(Measure.DRIFT, float(drift))] if drift else []
    found += [(Measure.ORPHANS, 1.0)] if FindingKind.ORPHANED in kinds else []
    if look is not None:
        found += [(Measure.UNEXPLAINED, float(len(look.unexplained)))] if look.kept else []
        found.append((Measure.FULLNESS, round(100 * (look.size if size is None else size) / look.limit, 1)))
    return tuple(found)


def has_failed(passed: Passed) -> bool:
    """Whether a pass has not done what it should; a record that somebody else has just changed is no failure."""
    if isinstance(passed.error, LedgerConflict):
        return False
    return passed.outcome in (Outcome.UNSETTLED, Outcome.REFUSED)
