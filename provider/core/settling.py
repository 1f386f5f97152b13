"""What an origin holds after an event: the whole life cycle of CloudFormation in one pure function.

Rollbacks, lost answers, timed-out updates and cancelled creates need no case of their own; they all
end where the stack believes to be (docs/aws-behaviour.md §5, life cycle).
"""

from dataclasses import dataclass

from provider.core.identifiers import DeclarationId, IssuedAt, is_declaration_id
from provider.core.requests import Request, RequestType

Held = frozenset[DeclarationId]


@dataclass(frozen=True, slots=True)
class LastEvent:
    """The newest event of an origin that has been settled.

    `cancels` says that it took back what its stack was never told: the Create that it meant may still come.
    """

    issued_at: IssuedAt
    cancels: bool

    @classmethod
    def of(cls, request: Request) -> "LastEvent":
        """The event as it is remembered."""
        return cls(
            request.issued_at, request.type is RequestType.DELETE and not is_declaration_id(request.physical_id or "")
        )


def settle(held: Held, request: Request, asked: DeclarationId | None) -> Held:
    """The declarations that an origin holds after an event.

    Args:
        held: what it holds before.
        request: the event; its `physical_id` is what the stack knows.
        asked: the id of what a Create or Update declares; None for a Delete.

    Create: {asked}. Update: what the stack knows, and what it asks; where it knows an id that is not of ours, all that is held
    (whoever keeps no ids first asks so, and then by a Create: docs/decisions/0019). Delete: without what it knows, and nothing at
    all where it knows an id that is not of ours (a failed or cancelled Create).
    """
    known = frozenset({DeclarationId(request.physical_id)} if request.physical_id else ())
    if asked is None:
        return held - known if request.physical_id and is_declaration_id(request.physical_id) else frozenset()
    if request.type is RequestType.CREATE:
        return frozenset({asked})
    if not is_declaration_id(request.physical_id or ""):
        return held | {asked}
    return (held & known) | {asked}


def is_overtaken(request: Request, last: LastEvent | None) -> bool:
    """Whether a later event of the same origin was settled already, so that this one must change nothing.

    Events are ordered by CloudFormation's own clock, which tells seconds. Within one, they come in their order, since each
    is sent when the one before was answered; but for a cancelled Create, which loses to its Delete.
    """
    if last is None or request.issued_at > last.issued_at:
        return False
    if request.issued_at < last.issued_at:
        return True
    return last.cancels and request.type is not RequestType.DELETE
