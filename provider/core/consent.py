"""Consent: whether an owner's publication lets an account have a grant."""

from provider.core.declarations import Grant, Publication
from provider.core.errors import (
    AccountNotAllowed,
    ExpiryPassed,
    ExpiryTooLate,
    GrantTypeNotOffered,
    NotOfTarget,
    Permanent,
    StageNotPublished,
    TooManyGrants,
    UnitsNotTold,
)
from provider.core.identifiers import AccountId, UnitId
from provider.core.specifications import ApiExecution

_DAY = 86_400


def authorise(
    account: AccountId, grant: Grant | None, publication: Publication, units: frozenset[UnitId] | None = None
) -> None:
    """Return where the publication allows it; `grant` None asks only to see where the target is.

    The request role admits no account outside the organization, so the organization means every account
    that could ask at all (docs/aws-behaviour.md §7). `units` are the organizational units that the account is in, up to the root, as the
    organization has told; None where it has not.

    Raises:
        AccountNotAllowed: the account is not among the allowed.
        UnitsNotTold: it would be for its organizational unit, if that were known.
        GrantTypeNotOffered: the target is not offered for this.
        StageNotPublished: the grant names another stage than the published one.
    """
    full_name = publication.target.full_name
    if not publication.allows_by_name(account) and not publication.units & (units or frozenset()):
        if publication.units and units is None:
            raise UnitsNotTold(account, full_name)
        raise AccountNotAllowed(account, full_name)
    if grant is None:
        return
    if grant.grant_type not in publication.grant_types:
        raise GrantTypeNotOffered(grant.grant_type, full_name, tuple(sorted(publication.grant_types)))
    stage = grant.specification.stage if isinstance(grant.specification, ApiExecution) else ""
    if stage and stage != publication.stage:
        raise StageNotPublished(stage, full_name, publication.stage or "")


def authorises(grant: Grant, publication: Publication | None, units: frozenset[UnitId] | None = None) -> bool:
    """The same as a question; no publication authorises nothing."""
    if publication is None:
        return False
    try:
        authorise(grant.origin.account, grant, publication, units)
    except Permanent:
        return False
    return True


def admit(grant: Grant, publication: Publication, now: float, others: int) -> None:
    """Return where the grant may be asked for anew; what is held already is not asked this again.

    Args:
        grant: the grant.
        publication: what is published.
        now: epoch seconds.
        others: how many grants the account has on the target beside those of this origin.

    Raises:
        TooManyGrants: the account has as many as one may have.
        ExpiryPassed: it would have ended already.
        ExpiryTooLate: it would last longer than its owner grants.
        NotOfTarget: it shall stand on an ARN that the target does not have.
    """
    full_name, days = publication.target.full_name, publication.maximum_days
    if others >= publication.per_account:
        raise TooManyGrants(grant.origin.account, full_name, publication.per_account)
    if grant.expiry is not None and grant.expiry <= now:
        raise ExpiryPassed(grant.expires_at or "")
    if days is not None and (grant.expiry is None or grant.expiry > now + days * _DAY):
        raise ExpiryTooLate(grant.expires_at or "", full_name, days)
    if grant.wanted_on is not None and grant.wanted_on not in publication.arns:
        raise NotOfTarget(grant.wanted_on, full_name)
