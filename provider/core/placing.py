"""Placing: on which of a target's aliases a new grant goes. It stays there for good, whatever their policies hold later."""

from collections.abc import Mapping, Sequence

from provider.core.identifiers import Arn, resource_of


def least_full(arns: Sequence[Arn], sizes: Mapping[Arn, int]) -> Arn:
    """The place whose policy has the fewest characters; of several, the first.

    Args:
        arns: the places that a target has, at least one.
        sizes: characters by resource, as the last pass has found them and grants recorded since have added; none count 0.
    """
    return min(arns, key=lambda arn: (sizes.get(resource_of(arn), 0), arns.index(arn)))
