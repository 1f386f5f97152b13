"""Which accounts a roll-out reaches, by the caller's profiles, and that they are of one organization."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import boto3
import click
from botocore.exceptions import ClientError, NoRegionError

from provider.cli.errors import CommandError, ExitCode

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_UNIT = re.compile(r"ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32}")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_SILENT = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_OFF = {"InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "OptInRequired"}


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization's id, and its management account."""

    id: str
    management: str


@dataclass(slots=True)
class Accounts:
    """Clients by account: each account's come from the profile that led to it."""

    home: str
    _sessions: dict[str, Any] = field(default_factory=dict)

    def of(self, profile: str | None) -> str:
        """The account that a profile leads to."""
        session = boto3.Session(profile_name=profile)
        account = str(session.client("sts", region_name=self.home).get_caller_identity()["Account"])
        self._sessions.setdefault(account, session)
        return account

    def client(self, service: str, account: str, region: str) -> Any:
        """As `rollout.sequence.ClientFor`."""
        return self._sessions[account].client(service, region_name=region)

    def organization(self, account: str) -> Organization | None:
        """The organization of an account, None where it may not ask.

        Raises:
            CommandError: it belongs to none.
        """
        try:
            found = self.client("organizations", account, self.home).describe_organization()["Organization"]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "AWSOrganizationsNotInUseException":
                fact = f"Account {account} belongs to no organization."
                raise CommandError(
                    f"{fact} Have it join the centre's, or leave its profile out.", ExitCode.REFUSED
                ) from error
            if code in _SILENT:
                return None
            raise
        return Organization(str(found["Id"]), str(found["MasterAccountId"]))


def regions_of(profile: str | None, home: str | None, regions: Sequence[str]) -> tuple[str, ...]:
    """The Regions in use, home first; the profile's own where none is named."""
    named = [*([home] if home else []), *regions]
    for region in named:
        if _REGION.fullmatch(region) is None:
            raise click.UsageError(f"{region!r} is no Region. Name one such as eu-central-1.")
    if not named:
        own = boto3.Session(profile_name=profile).region_name
        if not own:
            raise NoRegionError
        named = [own]
    return tuple(dict.fromkeys(named))


def units_of(units: Sequence[str]) -> tuple[str, ...]:
    """Ids of organizational units, or of the root."""
    for unit in units:
        if _UNIT.fullmatch(unit) is None:
            raise click.UsageError(
                f"{unit!r} is no organizational unit. Give ids such as ou-ab12-cdefgh34, or the root's."
            )
    return tuple(dict.fromkeys(units))


def one_organization(accounts: Accounts, central: str, others: Sequence[str], told: str | None) -> Organization:
    """The organization that all belong to, as far as they may ask; the management account is "" where nobody tells.

    Raises:
        CommandError: nobody tells and none was `told`, or they are not of one.
    """
    if told is not None and _ORGANIZATION.fullmatch(told) is None:
        raise click.UsageError(f"{told!r} is no organization. Give an id such as o-a1b2c3d4e5.")
    found = accounts.organization(central)
    if found is None and told is None:
        fact = f"Account {central} may not ask which organization it belongs to (organizations:DescribeOrganization)."
        raise CommandError(f"{fact} Give --organization-id.", ExitCode.REFUSED)
    if found is not None and told not in (None, found.id):
        raise CommandError(
            f"Account {central} belongs to {found.id}, not to {told}. Give that --organization-id, or none.",
            ExitCode.REFUSED,
        )
    organization = found or Organization(told or "", "")
    for account in others:
        its = accounts.organization(account)
        if its is not None and its.id != organization.id:
            fact = f"Account {account} belongs to {its.id}, and the central account {central} to {organization.id}."
            raise CommandError(
                f"{fact} Leave its profile out: nothing is granted across organizations.", ExitCode.REFUSED
            )
    return organization


def unreachable(account: str, region: str, error: Exception) -> Exception:
    """What to say where a Region's CloudFormation cannot be asked, though the account's credentials are good elsewhere."""
    if not isinstance(error, ClientError) or error.response["Error"]["Code"] not in _OFF:
        return error
    fact = f"{region} does not know the credentials of account {account}, which are good elsewhere."
    return CommandError(f"{fact} Enable that Region in the account, or leave it out.", ExitCode.REFUSED)
