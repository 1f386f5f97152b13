"""Whether a use of a target would be allowed, part by part, and what is missing on which side: pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from provider.calling.causes import Cause, Kind
from provider.calling.standing import ApiCall, Caller, Standing, lacking, standing_of
from provider.core.consent import authorise
from provider.core.errors import GrantTypeNotOffered, Permanent, UnitsNotTold
from provider.core.identifiers import AccountId, Arn
from provider.core.records import GrantRecord, GrantState, TargetView
from provider.core.specifications import ApiExecution, AuthorizerUse, GrantType
from provider.core.statements import CentreId, render


class Part(StrEnum):
    """What a use needs, each on one side."""

    PUBLICATION = "Publication"  # the owner's
    CONSENT = "Consent"  # the owner's
    GRANT = "Grant"  # the consumer's
    ENDPOINT = "Endpoint"  # the caller's network
    DEPLOYMENT = "Deployment"  # the owner's, of a REST API
    IDENTITY = "IdentityPolicy"  # the caller's account's


class Found(StrEnum):
    """Whether a part is there."""

    THERE = "Present"
    MISSING = "Missing"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Step:
    """One part: whether it is there, and in words what, or what is missing and who is to do what."""

    part: Part
    found: Found
    what: str


@dataclass(frozen=True, slots=True)
class Use:
    """Who would use a target, as what; `api` is the one whose authorizer it would be, the rest is of a call of an API."""

    caller: Caller
    grant_type: GrantType
    api: str = ""
    method: str = ""
    path: str = ""
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Simulated:
    """What IAM says of the caller's own policies: `allowed`, `implicitDeny` or `explicitDeny`, for an action and a resource."""

    decision: str
    action: str
    resource: str


@dataclass(frozen=True, slots=True)
class Sought:
    """What is explained: a use of a target, as it is seen; `is_whole` where the owner's publications are among that.

    `simulated` is None where IAM was not asked, `centre` where it is not known which one writes the statements.
    """

    view: TargetView
    use: Use
    is_whole: bool
    simulated: Simulated | None = None
    centre: CentreId | None = None


def verdict(steps: Sequence[Step]) -> str:
    """`Allowed` where all is there, `NotAllowed` where something is missing, else `Unknown`."""
    found = {step.found for step in steps}
    if Found.MISSING in found:
        return "NotAllowed"
    return "Unknown" if Found.UNKNOWN in found else "Allowed"


def explained(sought: Sought) -> list[Step]:
    """Every part that the use needs, in the order in which they come to be."""
    row, lacks = _nearest(sought)
    return [
        _publication(sought),
        *_consent(sought),
        _grant(sought, row, lacks),
        *_endpoint(row, sought.use, lacks),
        *_deployment(sought, row, lacks),
        *_identity(sought),
    ]


def asked_of_iam(view: TargetView, use: Use) -> tuple[str, str] | None:
    """The action and resource that the caller's own policies must allow; None for API Gateway, which needs no policy."""
    row, _ = _nearest(Sought(view, use, is_whole=True))
    arn = row.told if row else (view.current.arns[0] if view.current else None)
    if arn is None or use.grant_type is GrantType.AUTHORIZER:
        return None
    if use.grant_type is GrantType.EXECUTE_API:
        return "execute-api:Invoke", f"{arn}/{use.method or '*'}{use.path or '/*'}"
    return ("lambda:InvokeFunction" if use.grant_type is GrantType.INVOKE_FUNCTION else "sts:AssumeRole"), arn


# --- the owner's side ------------------------------------------------------------------------------


def _publication(sought: Sought) -> Step:
    name, current = sought.view.target.full_name, sought.view.current
    if not sought.is_whole:
        return Step(
            Part.PUBLICATION, Found.UNKNOWN, f"Whether {name} is published is shown to its owner and to auditors."
        )
    if current is None:
        remedy = "Have its owner publish it (Custom::CrossAccountTarget)."
        return Step(Part.PUBLICATION, Found.MISSING, f"Nothing is published as {name}. {remedy}")
    offered = ", ".join(sorted(current.grant_types))
    return Step(Part.PUBLICATION, Found.THERE, f"{', '.join(current.arns)}, for {offered}.")


def _consent(sought: Sought) -> Iterator[Step]:
    current, use = sought.view.current, sought.use
    if current is None or not sought.is_whole:
        return
    try:
        authorise(_account(use), None, current, sought.view.units.get(_account(use)))
        if use.grant_type not in current.grant_types:
            raise GrantTypeNotOffered(use.grant_type, current.target.full_name, tuple(sorted(current.grant_types)))
    except UnitsNotTold as untold:
        yield Step(Part.CONSENT, Found.UNKNOWN, f"{untold.fact} An auditor's profile may show it.")
        return
    except Permanent as refusal:
        yield Step(Part.CONSENT, Found.MISSING, str(refusal))
        return
    yield Step(Part.CONSENT, Found.THERE, f"Its owner lets account {use.caller.account} have {use.grant_type} on it.")


def _account(use: Use) -> AccountId:
    return AccountId(use.caller.account)


# --- the consumer's --------------------------------------------------------------------------------

_ORDER = ("ApiId", "Methods", "Paths", "VpcEndpointIds", "Principals", "GrantType")


def _nearest(sought: Sought) -> tuple[GrantRecord | None, str]:
    """The grant that is nearest to covering the use, and by what property it does not."""
    use, standings = sought.use, list(Standing)
    mine = [row for row in sought.view.grants if row.grant.origin.account == use.caller.account]
    if not mine:
        return None, ""

    def rank(row: GrantRecord) -> tuple[int, int, str]:
        lacks = _lacks(row, use)
        return (_ORDER.index(lacks) if lacks else -1, -standings.index(_standing(sought, row)), row.id)

    row = min(mine, key=rank)
    return row, _lacks(row, use)


def _lacks(row: GrantRecord, use: Use) -> str:
    """The property by which a grant is not about the use; empty where it is."""
    asked = row.grant.specification
    if row.grant.grant_type is not use.grant_type:
        return "GrantType"
    if isinstance(asked, AuthorizerUse):
        return "ApiId" if use.api and use.api != asked.api_id else ""
    if isinstance(asked, ApiExecution):
        method, path = use.method or (asked.methods or ("GET",))[0], use.path or _some(asked)
        endpoint = use.endpoint or (asked.vpc_endpoint_ids or ("",))[0]
        return lacking(row, ApiCall(_whoever(use, asked.principals), "", "", "", method, path, endpoint))
    return "" if _whoever(use, asked.principals).is_named(asked.principals) else "Principals"


def _whoever(use: Use, principals: Sequence[str]) -> Caller:
    """The caller; where an account alone is told, anybody of it whom a grant is for."""
    return use.caller if use.caller.arn else Caller(use.caller.account, next(iter(principals), ""))


def _some(asked: ApiExecution) -> str:
    """A path that a grant covers, where none is told."""
    return (asked.paths or ("/",))[0].replace("*", "x")


def _standing(sought: Sought, row: GrantRecord) -> Standing:
    """Where a grant stands; of one whose owner's consent is not seen, as the last pass has left it."""
    if _sees_consent(sought) or row.withdrawn or row.has_expired(sought.view.now):
        return standing_of(sought.view, row)
    if row.state is GrantState.SUSPENDED:
        return Standing.SUSPENDED
    if row.state is not GrantState.IN_FORCE:
        return Standing.WAITING
    is_api = isinstance(row.grant.specification, ApiExecution)
    return Standing.UNDEPLOYED if is_api and not row.deployed else Standing.IN_FORCE


def _sees_consent(sought: Sought) -> bool:
    """Whether all is seen on which it hangs: the publication, and of organizational units the account's own."""
    current, account = sought.view.current, _account(sought.use)
    told = current is None or current.allows_by_name(account) or not current.units or account in sought.view.units
    return sought.is_whole and told


_KINDS = {
    Standing.WITHDRAWN: Kind.WITHDRAWN,
    Standing.EXPIRED: Kind.EXPIRED,
    Standing.QUARANTINED: Kind.QUARANTINED,
    Standing.SUSPENDED: Kind.SUSPENDED,
    Standing.WAITING: Kind.WAITING,
}


def _grant(sought: Sought, row: GrantRecord | None, lacks: str) -> Step:
    use, name = sought.use, sought.view.target.full_name
    account = use.caller.account
    if row is None:
        remedy = f"Ask for it: Custom::CrossAccountPermission with GrantType {use.grant_type}, or crossaccount request."
        return Step(Part.GRANT, Found.MISSING, f"Account {account} has no permission on target {name}. {remedy}")
    facts = {"grant": row.id, "target": name, "account": account, "ended": row.grant.expires_at or ""}
    if lacks and lacks != "VpcEndpointIds":
        facts |= {
            "lacks": lacks,
            "who": use.caller.arn or account,
            "method": use.method or "this",
            "path": use.path or "use",
        }
        return Step(Part.GRANT, Found.MISSING, str(Cause.of(Kind.NOT_COVERED, facts)))
    if row.state is GrantState.OBSTRUCTED:
        remedy = "Have its owner look: the tag CrossAccountPermission=allowed, room in its policy; crossaccount drift tells auditors."
        return Step(
            Part.GRANT,
            Found.MISSING,
            f"{row.id} cannot be put into {row.told}, which is gone, full or refuses it. {remedy}",
        )
    kind = _KINDS.get(_standing(sought, row))
    if kind:
        return Step(Part.GRANT, Found.MISSING, str(Cause.of(kind, facts)))
    origin = row.grant.origin
    return Step(Part.GRANT, Found.THERE, f"{row.id}, of {origin.logical_id} in {origin.stack_id}{_by(sought, row)}.")


def _by(sought: Sought, row: GrantRecord) -> str:
    """By which statements, as far as it is known whose they are."""
    if sought.centre is None:
        return ""
    sids = sorted(str(one.document(sought.centre)["Sid"]) for one in render(row.grant, row.told))
    return f", by statement {', '.join(sids)} of {_holder(row.told)}"


def _holder(arn: Arn) -> str:
    return f"the policy of {arn}"


# --- the way, and the caller's account ---------------------------------------------------------------


def _endpoint(row: GrantRecord | None, use: Use, lacks: str) -> Iterator[Step]:
    asked = row.grant.specification if row else None
    if not isinstance(asked, ApiExecution) or not asked.vpc_endpoint_ids:
        return
    through = ", ".join(asked.vpc_endpoint_ids)
    if lacks == "VpcEndpointIds":
        remedy = "Call through one of them, or have it among the permission's VpcEndpointIds."
        yield Step(
            Part.ENDPOINT, Found.MISSING, f"The grant is for calls through {through}, not {use.endpoint}. {remedy}"
        )
    elif use.endpoint:
        yield Step(Part.ENDPOINT, Found.THERE, f"{use.endpoint} is among those of the grant.")
    else:
        remedy = "Name the one that is called through by --vpc-endpoint."
        yield Step(Part.ENDPOINT, Found.UNKNOWN, f"The grant is for calls through {through} alone. {remedy}")


def _deployment(sought: Sought, row: GrantRecord | None, lacks: str) -> Iterator[Step]:
    if row is None or lacks or not isinstance(row.grant.specification, ApiExecution):
        return
    if row.deployed:
        yield Step(Part.DEPLOYMENT, Found.THERE, "The stage was deployed since the statement was written.")
        return
    facts = {"grant": row.id, "target": sought.view.target.full_name, "stage": row.told.rpartition("/")[2]}
    yield Step(Part.DEPLOYMENT, Found.MISSING, str(Cause.of(Kind.UNDEPLOYED, facts)))


def _identity(sought: Sought) -> Iterator[Step]:
    found, use = sought.simulated, sought.use
    if use.grant_type is GrantType.AUTHORIZER:
        return
    who = use.caller.arn or f"whoever of account {use.caller.account} calls"
    if found is None:
        remedy = "Name a role or user by its ARN, and by --caller-profile a profile of its account that may ask IAM."
        yield Step(Part.IDENTITY, Found.UNKNOWN, f"The policies of {who} were not looked at. {remedy}")
    elif found.decision == "allowed":
        yield Step(Part.IDENTITY, Found.THERE, f"{who} may {found.action} on {found.resource}.")
    elif found.decision == "explicitDeny":
        remedy = "Have that account take the Deny out."
        yield Step(Part.IDENTITY, Found.MISSING, f"A Deny in its own account keeps {who} from {found.action}. {remedy}")
    else:
        remedy = f"Allow {found.action} on {found.resource} in a policy of that role or user."
        yield Step(Part.IDENTITY, Found.MISSING, f"No policy of {who} in its own account allows it. {remedy}")
