"""What it means that a declared resource is not in its stack any more, and nobody has said so.

Such a thing is a finding first. What nobody declares any more is given up later, after it was looked at again; what
CloudFormation let go because it was told to is kept.
"""

from dataclasses import dataclass
from enum import StrEnum

from provider.core.identifiers import AccountId, DeclarationId, Origin

DAY = 86_400.0
BETWEEN_LOOKS = DAY
"""Seconds between two looks at one resource in its stack."""
SOON = DAY / 4
"""Seconds after which CloudFormation is asked again when it did not say."""
ABANDONED_FOR = 3 * DAY
"""Seconds for which a grant must have been found abandoned before it is withdrawn: longer than a weekend."""
DEPARTED_BEFORE_SUSPENSION = DAY
"""Seconds for which an account must have been found to have left before what it holds is suspended."""
DEPARTED_BEFORE_WITHDRAWAL = 30 * DAY
"""Seconds for which it must have been found so before its grants are withdrawn."""
FORGOTTEN_AFTER = 30 * DAY
"""Seconds after which nothing is remembered of an account of which nothing was looked at any more."""
UNEXPLAINED = 3
UNEXPLAINED_SHARE = 0.1
"""At most so many go without a Delete at once, of a resource's permissions, a name's grants, or all accounts: the larger of both."""


def is_too_many(going: int, of: int) -> bool:
    """Whether so many are more than may go without anybody having said so: then it may be us who are wrong."""
    return going > max(UNEXPLAINED, UNEXPLAINED_SHARE * of)


class Seen(StrEnum):
    """What CloudFormation tells of a resource in a stack (docs/aws-behaviour.md §5)."""

    STANDS = "Stands"  # it is in its stack
    LET_GO = "LetGo"  # DELETE_SKIPPED: the stack was deleted, the resource was not
    DELETED = "Deleted"  # DELETE_COMPLETE
    NOT_IN_STACK = "NotInStack"  # the stack is there, without such a resource
    NO_STACK = "NoStack"  # no such stack, or it was deleted more than 90 days ago
    NOT_TOLD = "NotTold"  # under way, throttled, a fault
    SHUT_OUT = "ShutOut"  # its account has no observer role that trusts us


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen of a resource, and under which PhysicalResourceId it stands."""

    seen: Seen
    physical_id: str = ""

    @property
    def tells(self) -> bool:
        """Whether it says anything of the resource."""
        return self.seen not in (Seen.NOT_TOLD, Seen.SHUT_OUT)


class AbsenceKind(StrEnum):
    """Why a declared resource is not in its stack; beside each, what becomes of a grant."""

    ABANDONED = "Abandoned"  # nobody declares it any more -> withdrawn
    RETAINED = "Retained"  # CloudFormation let it go: DeletionPolicy, UpdateReplacePolicy, RetainResources -> kept


@dataclass(frozen=True, slots=True)
class Absence:
    """Since when (epoch seconds) a resource is known not to be in its stack; `accepted`: an operator has said that it may go."""

    kind: AbsenceKind
    since: float
    accepted: bool = False

    def is_over(self, now: float) -> bool:
        """Whether a grant may be withdrawn for it."""
        return self.accepted or (self.kind is AbsenceKind.ABANDONED and now - self.since >= ABANDONED_FOR)


def absence(declaration: DeclarationId, sight: Sight, before: Absence | None, now: float) -> Absence | None:
    """What is known of a declaration after a look at its resource; None where it stands.

    Args:
        declaration: its id, which is the resource's PhysicalResourceId.
        sight: what was seen.
        before: what was known.
        now: epoch seconds.
    """
    kind = AbsenceKind.ABANDONED
    match sight.seen:
        case Seen.NOT_TOLD | Seen.SHUT_OUT:
            return before
        case Seen.STANDS if sight.physical_id == declaration:
            return None
        case Seen.STANDS | Seen.LET_GO:  # replaced, and its predecessor was kept; or kept when the stack was deleted
            kind = AbsenceKind.RETAINED
        case Seen.NO_STACK if (
            before is not None
        ):  # deleted too long ago for CloudFormation to know what we have seen then
            return before
    return before if before is not None and before.kind is kind else Absence(kind, now)


def first_look(origin: Origin, now: float) -> float:
    """When to look at an origin's resource after an event: half a day to a day later, spread by the origin."""
    return now + BETWEEN_LOOKS * (0.5 + int(origin.digest[:4], 16) / 0x1_FFFE)


class Standing(StrEnum):
    """What the organization tells of an account."""

    MEMBER = "Member"
    DEPARTED = "Departed"  # it has left, or is closed or suspended
    NOT_TOLD = "NotTold"


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """An account that has asked for something, as it was found; times in epoch seconds.

    `looked_at`: when something of it was looked at last; `told_at`: when the organization has told of it last. `departed_since`: it
    has left or is closed, `suspended`: so what it holds was suspended, `accepted`: an operator has said that it may be.
    `unobserved_since`: it has no observer role, so its stacks are not looked at.
    """

    account: AccountId
    looked_at: float = 0.0
    told_at: float = 0.0
    departed_since: float | None = None
    suspended: bool = False
    accepted: bool = False
    unobserved_since: float | None = None

    @property
    def waits(self) -> bool:
        """Whether it has left and was not suspended yet: such are too many together, unless an operator has accepted them."""
        return self.departed_since is not None and not (self.suspended or self.accepted)

    def has_departed_for(self, seconds: float, now: float) -> bool:
        """Whether it was found to have left so long ago."""
        return self.departed_since is not None and now - self.departed_since >= seconds

    def has_left_for_good(self, now: float) -> bool:
        """Whether its grants are to be withdrawn, as the organization has told within a day."""
        told = now - self.told_at < BETWEEN_LOOKS
        return told and self.suspended and self.has_departed_for(DEPARTED_BEFORE_WITHDRAWAL, now)
