"""Consent: whether an owner's publication lets an account have a grant of a type."""

from provider.core.declarations import GrantType, Publication
from provider.core.errors import AccountNotAllowed, GrantTypeNotOffered
from provider.core.identifiers import AccountId


def authorise(account: AccountId, grant_type: GrantType | None, publication: Publication) -> None:
    """Return where the publication allows it; `grant_type` None asks only to see where the target is.

    The request role admits no account outside the organization, so the organization means every account
    that could ask at all (docs/aws-behaviour.md §7).

    Raises:
        AccountNotAllowed: the account is not among the allowed.
        GrantTypeNotOffered: the target is not offered for this.
    """
    full_name = publication.target.full_name
    if not publication.organization and account not in publication.accounts:
        raise AccountNotAllowed(account, full_name)
    if grant_type is not None and grant_type not in publication.grant_types:
        raise GrantTypeNotOffered(grant_type, full_name, tuple(sorted(publication.grant_types)))


def authorises(account: AccountId, grant_type: GrantType, publication: Publication | None) -> bool:
    """The same as a question; no publication authorises nothing."""
    if publication is None:
        return False
    try:
        authorise(account, grant_type, publication)
    except (AccountNotAllowed, GrantTypeNotOffered):
        return False
    return True
