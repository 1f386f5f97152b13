"""Taking away what a run has made, the newest first, and saying what could not be taken away."""

import time
from collections.abc import Callable, Iterable, Mapping

from journal import Journal, Made
from undoing import ClientFor, NotRemoved, Throttled, left_by, undo

AGAIN = 30.0  # seconds
_ROUNDS = 2
TAG = "CrossAccountPermissionConformance"
"""Of every stack of the product that a run deploys: the run's name."""


def tagged(accounts: Iterable[str], regions: Iterable[str], client_for: ClientFor) -> list[Made]:
    """The stacks that some run has deployed, in the order in which they were made."""
    found = [
        (one["CreationTime"], Made(account, region, "cloudformation.CreateChangeSet", one["StackName"]))
        for account in accounts
        for region in regions
        for page in client_for("cloudformation", account, region).get_paginator("describe_stacks").paginate()
        for one in page["Stacks"]
        if any(tag["Key"] == TAG for tag in one.get("Tags", []))
    ]
    return [thing for _, thing in sorted(found, key=lambda pair: pair[0])]


def clear(journal: Journal, client_for: ClientFor, tell: Callable[[str], None]) -> Mapping[Made, str]:
    """Take away all that stands in the journal; what stays, and why. Stopped in the middle, it goes on from there.

    What does not go is tried again, when AWS has had time to bring into force what was changed before it.
    """
    for _ in range(_ROUNDS - 1):
        if not _once(journal, client_for, tell):
            return {}
        tell(f"wait {AGAIN:.0f} s for what did not go, and try it again")
        time.sleep(AGAIN)
    return _once(journal, client_for, tell)


def _once(journal: Journal, client_for: ClientFor, tell: Callable[[str], None]) -> dict[Made, str]:
    stays: dict[Made, str] = {}
    while standing := [thing for thing in journal.standing() if thing not in stays]:
        thing = standing[0]
        tell(f"take away {thing}; {len(standing) - 1} more")
        try:
            for more in left_by(thing, client_for):
                journal.made(more)
            undo(thing, client_for)
        except Throttled:
            time.sleep(AGAIN)
        except NotRemoved as error:
            stays[thing] = str(error)
        else:
            journal.gone(thing)
    return stays
