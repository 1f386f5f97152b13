"""The exception tree: each class owns its sentence, which ends with what to do.

Two branches decide what happens next. `Permanent` is answered at once; `Temporary` is tried again until
the event's time is over. No sentence is longer than CloudFormation's reader sees, and none holds a
credential: the facts given to the constructors are identifiers and property values, never URLs.
"""

from difflib import get_close_matches

REASON_LIMIT = 256
"""Characters of a reason that CloudFormation shows and crhelper leaves alone (docs/aws-behaviour.md §5)."""

VALUE_LIMIT = 60


def shown(value: object) -> str:
    """A value as it may stand in a sentence: quoted, control characters escaped, cut in the middle when long."""
    try:
        text = repr(value)
    except RecursionError:  # nested as deeply as JSON could just be read
        text = f"<nested {type(value).__name__}>"
    if len(text) <= VALUE_LIMIT:
        return text
    half = (VALUE_LIMIT - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def sentence(fact: str, remedy: str) -> str:
    """Fact and remedy in at most `REASON_LIMIT` characters; the fact is what gets cut, the remedy stays whole."""
    room = REASON_LIMIT - len(remedy) - 1
    if len(fact) > room:
        fact = fact[: room - 1] + "…"
    return f"{fact} {remedy}"


class CrossAccountError(Exception):
    """Something that was asked cannot be done; `str()` is the reason to answer."""

    def __init__(self, fact: str, remedy: str) -> None:
        super().__init__(sentence(fact, remedy))
        self.fact = fact
        self.remedy = remedy


class Permanent(CrossAccountError):  # noqa: N818 - the branch's name is the decision it stands for
    """Asking again unchanged gives the same: answer now."""


class Temporary(CrossAccountError):  # noqa: N818 - likewise
    """Asking again may do: keep the request, try again, answer when its time is over."""


# --- what a request says -------------------------------------------------------------------------


class MalformedRequest(Permanent):
    """The request is no CloudFormation event of the account that filed it."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        super().__init__(
            f"Request field {field} is {shown(value)}, not {expected}.",
            "Send CloudFormation's event through this account's provider function.",
        )


class ForeignOrigin(Permanent):
    """The stack id names another account than the one that IAM has proven."""

    def __init__(self, claimed: str, verified: str) -> None:
        super().__init__(
            f"StackId names account {claimed}, but account {verified} asks.",
            "Use the provider function of the stack's own account as ServiceToken.",
        )


class ImplausibleTime(Permanent):
    """The event's time is too far from the centre's clock to be ordered."""

    def __init__(self, issued_at: str) -> None:
        super().__init__(
            f"The event's time {shown(issued_at)} is not within the last days by the central account's clock.",
            "Start the stack operation again; if it persists, check the clock of whoever sends the event.",
        )


class StaleEvent(Permanent):
    """A later event of the same resource has been answered already."""

    def __init__(self, issued_at: str, last: str) -> None:
        super().__init__(
            f"This event of {issued_at} is older than the last answered event of the resource ({last}).",
            "Nothing is to be done: the later event stands. Update the stack to ask again.",
        )


class Superseded(Permanent):
    """A later event of the same resource has taken back what this one asked."""

    def __init__(self, later: str) -> None:
        super().__init__(
            f"An event of {later} of the same resource has taken this back before it was in force.",
            "Nothing is to be done: the later event stands. Update the stack to ask again.",
        )


class AccountQuarantined(Permanent):
    """The centre's kill switch is on for an account: the one that asks, or the one whose target is asked for."""

    def __init__(self, account: str) -> None:
        super().__init__(
            f"Account {account} is in quarantine: nothing is granted to it or on its targets.",
            "Ask the central account's operators; they lift it by `crossaccount quarantine --lift`.",
        )


class TooManyRequests(Permanent):
    """An account sends more than its stacks can need."""

    def __init__(self, account: str) -> None:
        super().__init__(
            f"Account {account} sends more requests than are taken of one account.",
            "Deploy again in a few minutes, fewer stacks at a time.",
        )


class UnknownResourceType(Permanent):
    """The template names a type that this provider does not have."""

    def __init__(self, resource_type: str) -> None:
        types = "Custom::CrossAccountPermission, Custom::CrossAccountTarget or Custom::CrossAccountTargetLookup"
        super().__init__(f"Type {shown(resource_type)} is not known here.", f"Use {types}.")


class InvalidProperty(Permanent):
    """A property does not fit the schema of its type."""

    def __init__(self, name: str, value: object, problem: str, remedy: str) -> None:
        super().__init__(f"Property {name}: {shown(value)} {problem}.", remedy)
        self.name = name


class MissingProperty(Permanent):
    """A property that the type requires, or another property beside it, is absent."""

    def __init__(self, name: str, remedy: str) -> None:
        super().__init__(f"Property {name} is missing.", remedy)
        self.name = name


class UnknownProperty(Permanent):
    """A property that the type does not have: a typo would otherwise be silently ignored."""

    def __init__(self, name: str, value: object, known: tuple[str, ...]) -> None:
        alike = get_close_matches(name.lower()[:VALUE_LIMIT], [one.lower() for one in known], 1)
        meant = next((one for one in known if [one.lower()] == alike), None)
        super().__init__(
            f"Property {shown(name)} (value {shown(value)}) does not exist.",
            f"Remove it, or use {meant}." if meant else "Remove it; see the properties of its type.",
        )
        self.name = name


class PropertyDoesNotFit(Permanent):
    """A property that the type has, but not beside another one."""

    def __init__(self, name: str, value: object, beside: str) -> None:
        super().__init__(f"Property {name}: {shown(value)} does not go with {beside}.", "Remove one of the two.")
        self.name = name


class ForeignPrincipal(Permanent):
    """A consumer asks for somebody else's roles or users."""

    def __init__(self, name: str, principal: str, account: str) -> None:
        super().__init__(
            f"Property {name}: {shown(principal)} is not in account {account}, which asks.",
            "Give roles and users of the stack's own account.",
        )


class ExpiryPassed(Permanent):
    """A permission is asked for that would have ended already."""

    def __init__(self, expires_at: str) -> None:
        super().__init__(
            f"Property ExpiresAt: {shown(expires_at)} is no time to come.", "Give a later time, or leave it out."
        )


class ForeignArn(Permanent):
    """An owner publishes something that another account owns."""

    def __init__(self, name: str, arn: str, account: str) -> None:
        super().__init__(
            f"Property {name}: {shown(arn)} is not in account {account}, which publishes it.",
            "Publish it from a stack of the account that owns it.",
        )


class OwnPartAsTarget(Permanent):
    """A part of this very system is published as a target."""

    def __init__(self, name: str, arn: str) -> None:
        super().__init__(
            f"Property {name}: {shown(arn)} belongs to cross-account permissions itself.",
            "Publish something of your own.",
        )


# --- what the target allows ----------------------------------------------------------------------


class NameNotReserved(Permanent):
    """A short name that the centre has not given to an account."""

    def __init__(self, name: str, environment: str) -> None:
        super().__init__(
            f"Target {shown(name)} is no reserved name in environment {shown(environment)}.",
            f"Write the full name, <owner account>/{name[:20]}, or have the central account reserve the name.",
        )


class TargetNotPublished(Permanent):
    """No publication stands under this name."""

    def __init__(self, target: str, environment: str) -> None:
        super().__init__(
            f"Target {shown(target)} is not published in environment {shown(environment)}.",
            "Check Target and Environment, or ask its owner to deploy its Custom::CrossAccountTarget.",
        )


class GrantTypeNotOffered(Permanent):
    """The owner does not offer this grant type on the target."""

    def __init__(self, grant_type: str, target: str, offered: tuple[str, ...]) -> None:
        super().__init__(
            f"GrantType {grant_type} is not offered by {target} (offered: {', '.join(offered)}).",
            "Ask for an offered one, or have the owner add it to AllowedGrantTypes.",
        )


class AccountNotAllowed(Permanent):
    """The owner does not allow this account on the target."""

    def __init__(self, account: str, target: str) -> None:
        super().__init__(
            f"Account {account} is not allowed by target {target}.",
            f"Have its owner add '{account}' to AllowedAccounts of its Custom::CrossAccountTarget.",
        )


class UnitsNotTold(Permanent):
    """The owner allows organizational units, and AWS Organizations does not tell in which the account is; nothing new is granted meanwhile."""

    def __init__(self, account: str, target: str) -> None:
        super().__init__(
            f"Target {target} allows organizational units, and which account {account} is in is not known.",
            "Deploy again in some minutes, or have AskOrganization of central.yaml set to true.",
        )


class StageNotPublished(Permanent):
    """A consumer names another stage than the one that the owner has published."""

    def __init__(self, stage: str, target: str, published: str) -> None:
        super().__init__(
            f"StageName {shown(stage)} is not published by {target}, which publishes {shown(published)}.",
            "Give that stage, or leave StageName out.",
        )


class NotOfTarget(Permanent):
    """A permission shall stand on an ARN that its target does not have."""

    def __init__(self, arn: str, target: str) -> None:
        super().__init__(
            f"Property TargetArn: {shown(arn)} is not of target {target}.",
            "Give !GetAtt <lookup>.TargetArn of a lookup of the same target with a new Revision, or leave it out.",
        )


class ExpiryTooLate(Permanent):
    """A permission is asked for longer than the owner grants, or for ever."""

    def __init__(self, expires_at: str, target: str, days: int) -> None:
        fact = f"ExpiresAt {shown(expires_at)} is too late" if expires_at else "ExpiresAt is missing"
        super().__init__(
            f"{fact}: {target} grants for at most {days} days.",
            "Give an earlier ExpiresAt, or have its owner raise MaximumGrantDays.",
        )


class TooManyGrants(Permanent):
    """An account has as many grants on a target as its owner lets one have."""

    def __init__(self, account: str, target: str, limit: int) -> None:
        super().__init__(
            f"Account {account} has {limit} grants on {target} already, as many as one account may have.",
            "Drop some, or have its owner raise MaximumGrantsPerAccount.",
        )


class PolicyShareTaken(Permanent):
    """An account would take more of a policy than the owner lets one have of what several share."""

    def __init__(self, account: str, arn: str, size: int, share: int) -> None:
        super().__init__(
            f"Account {account} would take {size} of the {share} characters that one may have in the policy of {arn}.",
            "Name fewer principals or APIs, or have its owner raise MaximumPolicySharePerAccount.",
        )


class QualifierInUse(Permanent):
    """An owner takes an alias out of a target while grants stand on it."""

    def __init__(self, arn: str, grants: int) -> None:
        super().__init__(
            f"{grants} grant{'s stand' if grants > 1 else ' stands'} on {arn}, which is not published any more.",
            "Put it back into Qualifiers, or list its ARN in RetiredArns to close it for them.",
        )


class TargetHasConsumers(Permanent):
    """The last publication of a name is deleted while grants live on it."""

    def __init__(self, target: str, consumers: int) -> None:
        super().__init__(
            f"Target {target} still has {consumers} grant{'s' if consumers > 1 else ''}; deleting it would cut them off.",
            "Have their stacks drop them, or first deploy it with AllowDeletionWithConsumers: true.",
        )


class ProviderNeeded(Permanent):
    """The stack of an account's provider function is deleted while grants live whose stacks need the function for their own deletion."""

    def __init__(self, region: str, grants: int, logical_id: str, stack: str) -> None:
        super().__init__(
            f"{grants} grant{'s' if grants > 1 else ''} of stacks in {region} need{'' if grants > 1 else 's'} this function, "
            f"first {logical_id} of {shown(stack)}.",
            "Delete those stacks first, or update this one with AllowDeletionWithGrants=true.",
        )


# --- what AWS and the owner's account answer -----------------------------------------------------


class ResourceGone(Permanent):
    """What was published does not exist."""

    def __init__(self, arn: str) -> None:
        super().__init__(
            f"{arn} does not exist.", "Have the owner publish an existing function, alias, REST API or role."
        )


class StageNotFound(Permanent):
    """The REST API exists, but the stage that was published does not."""

    def __init__(self, arn: str) -> None:
        api, _, stage = arn.rpartition("/")
        super().__init__(
            f"{api} has no stage {shown(stage)}.",
            "Have the owner create the stage first, or publish another one as StageName.",
        )


class DeploymentRefused(Permanent):
    """AWS does not take a deployment of a REST API to a stage, such as one with a canary."""

    def __init__(self, arn: str, message: str) -> None:
        super().__init__(
            f"AWS refuses a deployment to {arn}: {message}.",
            "Have its owner deploy the stage, to see what is in the way.",
        )


class WouldShutOut(Permanent):
    """The first statement of a REST API's policy would close methods that anybody may call so far."""

    def __init__(self, arn: str, methods: tuple[str, ...]) -> None:
        named = ", ".join(methods[:2]) + (f" and {len(methods) - 2} more" if len(methods) > 2 else "")
        super().__init__(
            f"{arn} has no policy; a first statement would shut out all callers of {named}, open to all so far.",
            "Have its owner choose MethodsWithoutAuthorization: Close.",
        )


class VpcEndpointsOnPublicApi(Permanent):
    """Requests to a public API come through no VPC endpoint."""

    def __init__(self, arn: str) -> None:
        super().__init__(f"VpcEndpointIds are of private APIs only, and {arn} is public.", "Leave the property out.")


class ShutOut(Permanent):
    """The owner's account refuses the controller: no grantor role, or the target is not tagged."""

    def __init__(self, arn: str, action: str) -> None:
        super().__init__(
            f"{action} on {arn} is refused by its account.",
            "Have the owner tag it CrossAccountPermission=allowed and deploy account-roles.yaml.",
        )


class PolicyFull(Permanent):
    """The resource's policy has no room for another statement."""

    def __init__(self, arn: str, size: int, limit: int) -> None:
        super().__init__(
            f"The policy of {arn} would be {size} of {limit} characters long.",
            "Have its owner drop statements or consumers, list more aliases in Qualifiers, or have AWS raise the quota.",
        )
        self.limit = limit


class PolicyRefused(Permanent):
    """AWS refuses the policy document itself; `suspects` are the Sids of foreign statements that may be why."""

    def __init__(self, arn: str, message: str, suspects: tuple[str, ...] = ()) -> None:
        if suspects:
            remedy = f"Have its owner remove statement {', '.join(suspects)[:60]}, whose principal was deleted."
        else:
            remedy = "Have its owner look for a statement with a deleted principal and remove it."
        super().__init__(f"AWS refuses the policy of {arn}: {message}.", remedy)
        self.message = message


class WriteUnsettled(Temporary):
    """Somebody else writes the same policy, or AWS throttles: the write did not go through yet."""

    def __init__(self, arn: str, cause: str) -> None:
        super().__init__(
            f"The policy of {arn} could not be written for now: {cause}.",
            "Deploy again in a few minutes; if it persists, see the central account's controller log.",
        )


# --- what the centre itself cannot do ------------------------------------------------------------


class LedgerConflict(Temporary):
    """Somebody else has changed a record since it was read: read again and decide anew."""

    def __init__(self) -> None:
        super().__init__("The ledger is being changed by others at the moment.", "Deploy again in a minute.")


class InternalFault(Permanent):
    """A fault of the controller itself; its log has the details, the answer has none."""

    def __init__(self, request_id: str) -> None:
        super().__init__(
            f"The controller failed on request {shown(request_id)}.",
            "Deploy again; if it persists, look the request up in the central account's controller log.",
        )
