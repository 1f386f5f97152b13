"""What is measured of a pass: how it did, how long it took, what it has found, how full it has left the policy."""

from collections.abc import Sequence

from provider.core.concluding import Outcome, Passed
from provider.core.errors import LedgerConflict
from provider.core.findings import FindingKind, Look
from provider.core.measuring import Measure, Measured

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
