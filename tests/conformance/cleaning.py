"""Taking away what a run has made, the newest first, and saying what could not be taken away."""

from collections.abc import Callable, Iterable, Mapping

from journal import Journal, Made
from undoing import ClientFor, NotRemoved, left_by, undo

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
    """Take away all that stands in the journal; what stays, and why. Stopped in the middle, it goes on from there."""
    stays: dict[Made, str] = {}
    while standing := [thing for thing in journal.standing() if thing not in stays]:
        thing = standing[0]
        tell(f"take away {thing}; {len(standing) - 1} more")
        try:
            for more in left_by(thing, client_for):
                journal.made(more)
            undo(thing, client_for)
        except NotRemoved as error:
            stays[thing] = str(error)
        else:
            journal.gone(thing)
    return stays
