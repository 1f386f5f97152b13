"""Why a call was not served, in a sentence whose last words are the remedy: the known causes, and no guess beyond them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Each cause by its name."""

    # The signature, or that there is none
    UNSIGNED = "Unsigned"
    NO_METHOD = "NoMethod"
    UNKNOWN_KEY = "UnknownKey"
    EXPIRED_CREDENTIALS = "ExpiredCredentials"
    WRONG_REGION = "WrongRegion"
    WRONG_SERVICE = "WrongService"
    CLOCK = "Clock"
    SIGNATURE = "Signature"
    NOT_A_SIGNATURE = "NotASignature"
    # The caller's own account
    IDENTITY = "Identity"
    NOT_ALLOWED_BY = "NotAllowedBy"
    # The way
    ENDPOINT_POLICY = "EndpointPolicy"
    NOT_THROUGH_ENDPOINT = "NotThroughEndpoint"
    FORBIDDEN = "Forbidden"
    # A deny, which wins over any permission
    DENIED_BY_API = "DeniedByApi"
    DENIED_BY_ENDPOINT = "DeniedByEndpoint"
    DENIED_BY_ACCOUNT = "DeniedByAccount"
    DENIED = "Denied"
    # The API's policy, and what the ledger says of it
    ANONYMOUS = "Anonymous"
    NO_IAM_METHOD = "NoIamMethod"
    RESOURCE_POLICY = "ResourcePolicy"
    UNPUBLISHED = "Unpublished"
    NOT_ASKED = "NotAsked"
    NOT_COVERED = "NotCovered"
    WITHDRAWN = "Withdrawn"
    EXPIRED = "Expired"
    QUARANTINED = "Quarantined"
    SUSPENDED = "Suspended"
    WAITING = "Waiting"
    UNDEPLOYED = "Undeployed"
    IN_FORCE = "InForce"
    HTTP_API = "HttpApi"
    # The API's authorizer
    NO_TOKEN = "NoToken"  # noqa: S105 - the name of a cause
    AUTHORIZER_DENIES = "AuthorizerDenies"
    AUTHORIZER_UNUSABLE = "AuthorizerUnusable"
    AUTHORIZER_NOT_ASKED = "AuthorizerNotAsked"
    AUTHORIZER_FAILS = "AuthorizerFails"
    # Whoever was let in
    BACKEND = "Backend"
    THROTTLED = "Throttled"
    OTHER = "Other"


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause; `str()` is the fact and then the remedy."""

    kind: Kind
    fact: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.fact} {self.remedy}"

    @classmethod
    def of(cls, kind: Kind, facts: Mapping[str, str]) -> "Cause":
        """The cause in words; a fact that is not known is `(unknown)`."""
        known = _Known({name: value for name, value in facts.items() if value})
        fact, remedy = WORDS[kind]
        return cls(kind, fact.format_map(known), remedy.format_map(known))


class _Known(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "(unknown)"


WORDS: Mapping[Kind, tuple[str, str]] = {
    Kind.UNSIGNED: (
        "The request carries no signature, and the method wants one, or there is no such method.",
        "Leave out --unsigned, and check method, path and stage.",
    ),
    Kind.NO_METHOD: (
        "The request is signed, so it is the method that is missing: stage {stage} has no {method} {path}.",
        "Check method, path and stage; a new method is there once its stage was deployed.",
    ),
    Kind.UNKNOWN_KEY: (
        "AWS does not know the access key, or its session token.",
        "Name a profile with valid credentials by --profile, or log in again.",
    ),
    Kind.EXPIRED_CREDENTIALS: ("The credentials have expired.", "Log in again, or name another --profile."),
    Kind.WRONG_REGION: (
        "The signature is for Region {signed_for}, and the API is in another one.",
        "Name the API's Region by --region.",
    ),
    Kind.WRONG_SERVICE: (
        "The signature is for another service than execute-api.",
        "Let this command sign, or sign for execute-api.",
    ),
    Kind.CLOCK: ("The signature's time is not AWS's, by more than five minutes.", "Set this machine's clock."),
    Kind.SIGNATURE: (
        "AWS computes another signature: the secret key is wrong, or something on the way changes the request.",
        "Check the secret key, and any proxy that rewrites headers, host or path.",
    ),
    Kind.NOT_A_SIGNATURE: (
        "The header Authorization is no signature, and the method wants one, or there is no such method.",
        "Let this command sign; where the API has an authorizer, check method, path and stage.",
    ),
    Kind.IDENTITY: (
        "The caller's own account does not let {who} call it: no identity-based policy allows it.",
        "Allow execute-api:Invoke on {resource} in a policy of that role or user.",
    ),
    Kind.NOT_ALLOWED_BY: (
        "The caller's own account does not let {who} call it: no {policy} allows it.",
        "Allow execute-api:Invoke on {resource} there too.",
    ),
    Kind.ENDPOINT_POLICY: (
        "The policy of VPC endpoint {endpoint} does not let the call through.",
        "Have its account allow execute-api:Invoke on {resource} there.",
    ),
    Kind.NOT_THROUGH_ENDPOINT: (
        "VPC endpoint {endpoint} leads to no such stage: the API is not private, not deployed or elsewhere, or the endpoint is.",
        "Check API id, stage and endpoint with the API's owner.",
    ),
    Kind.FORBIDDEN: (
        "The call reaches no method: there is no stage {stage}, the API is private, its API key is missing, or a web ACL blocks it.",
        "Check the stage; call a private API as https://API-VPCE.execute-api.… or by --vpc-endpoint; give a key by --header x-api-key=….",
    ),
    Kind.DENIED_BY_API: (
        "A Deny in the API's policy keeps {who} out, whatever is granted.",
        "Have the API's owner take it out and deploy the stage.",
    ),
    Kind.DENIED_BY_ENDPOINT: (
        "A Deny in the policy of VPC endpoint {endpoint} keeps {who} out, whatever is granted.",
        "Have the endpoint's account take it out.",
    ),
    Kind.DENIED_BY_ACCOUNT: (
        "A Deny in the caller's own account ({policy}) keeps {who} out, whatever is granted.",
        "Have that account take it out.",
    ),
    Kind.DENIED: (
        "A Deny keeps {who} out, whatever is granted.",
        "Look for it in the API's policy, in the caller's own policies, and in the VPC endpoint's.",
    ),
    Kind.ANONYMOUS: (
        "The caller is anonymous, and the API's policy does not let everybody in.",
        "Leave out --unsigned; the method must have AWS_IAM authorization.",
    ),
    Kind.NO_IAM_METHOD: (
        "The method has no IAM authorization, so whoever calls is anonymous, and the API's policy does not let everybody in.",
        "Have the API's owner set the method's authorization to AWS_IAM and deploy the stage.",
    ),
    Kind.RESOURCE_POLICY: (
        "The API's policy, as deployed to stage {stage}, does not let {who} in.",
        "Ask for a permission, and have the stage deployed; --central-profile tells which of the two is missing.",
    ),
    Kind.UNPUBLISHED: (
        "The API's policy does not let {who} in, and nobody has published stage {stage} of API {api} as a target.",
        "Have the API's owner publish it (Custom::CrossAccountTarget), then ask for a permission.",
    ),
    Kind.NOT_ASKED: (
        "Account {account} has no permission on target {target}.",
        "Ask for it: Custom::CrossAccountPermission with GrantType ExecuteApi, or crossaccount request.",
    ),
    Kind.NOT_COVERED: (
        "{grant} on target {target} does not cover {method} {path} of {who}: see its {lacks}.",
        "Ask for a permission whose {lacks} cover it.",
    ),
    Kind.WITHDRAWN: ("{grant} on target {target} was given up and is being removed.", "Ask for it anew."),
    Kind.EXPIRED: (
        "{grant} on target {target} ended by itself at {ended}.",
        "Ask again with a later ExpiresAt.",
    ),
    Kind.QUARANTINED: (
        "{grant} on target {target} is suspended, as all that account {account} holds: it is in quarantine.",
        "Ask the central account why, and to lift it (crossaccount quarantine).",
    ),
    Kind.SUSPENDED: (
        "{grant} is suspended: target {target} does not offer it to this account at present.",
        "Have its owner publish it so again; the permission then returns by itself.",
    ),
    Kind.WAITING: (
        "{grant} on target {target} is recorded, and not in force yet.",
        "Try again in a minute; if it stays so, have the central account look it up in the controller's log.",
    ),
    Kind.UNDEPLOYED: (
        "{grant} on target {target} is written into the API's policy, but stage {stage} was not deployed since.",
        "Have the API's owner deploy the stage, or publish it with RedeployOnChange: true.",
    ),
    Kind.IN_FORCE: (
        "{grant} on target {target} covers this call and is in force by the ledger, but the deployed policy is without it.",
        "Try again in a minute; then have the API's owner see who has overwritten its policy or deployed an older one.",
    ),
    Kind.HTTP_API: (
        "An HTTP API has no resource policy, so a route of it with IAM authorization lets in nobody of another account.",
        "Ask for GrantType AssumeRole on a role of the API's account, and name that role by --role-arn.",
    ),
    Kind.NO_TOKEN: (
        "The API's authorizer does not know the caller: no token, or not one of its own.",
        "Show it its token by --unsigned --header Authorization=…, or whatever header it looks at.",
    ),
    Kind.AUTHORIZER_DENIES: (
        "The API's authorizer has answered, and does not let this caller call this method.",
        "Show it another token, or have its owner look into its log.",
    ),
    Kind.AUTHORIZER_UNUSABLE: (
        "API Gateway could not use the API's authorizer: it may not invoke the function, or the function failed.",
        "Ask for a permission with GrantType Authorizer; --central-profile tells whether there is one.",
    ),
    Kind.AUTHORIZER_NOT_ASKED: (
        "API Gateway could not use the authorizer of API {api}, for which nobody has a permission.",
        "Ask for it: Custom::CrossAccountPermission with GrantType Authorizer and this ApiId.",
    ),
    Kind.AUTHORIZER_FAILS: (
        "API Gateway may invoke the API's authorizer ({grant} on target {target} is in force), so the function itself failed.",
        "Have its owner look into its log; where the target has moved, deploy the API anew.",
    ),
    Kind.BACKEND: (
        "The caller was let in, and what stands behind the API failed.",
        "Have its owner look for request {request} in the API's log.",
    ),
    Kind.THROTTLED: ("The API takes no more calls for now.", "Try again in a minute."),
    Kind.OTHER: (
        "Status {status} is no refusal that is known here.",
        "Read the answer, and have the API's owner look for request {request} in the API's log.",
    ),
}
"""Of each kind the fact and the remedy, with places for what is known."""
