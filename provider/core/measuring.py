"""What is measured: how many grants came and went, how passes do, how full policies are, how long requests wait.

Numbers without names: which resource, grant or account it was says the log and the ledger's findings.
"""

from collections.abc import Iterable
from enum import StrEnum

from provider.core.auditing import AuditEvent, Happening


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


def of_events(events: Iterable[AuditEvent]) -> tuple[Measured, ...]:
    """The measures of what has become of grants."""
    return tuple((_OF_EVENTS[one.happening], 1.0) for one in events if one.happening in _OF_EVENTS)
