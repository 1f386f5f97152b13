"""The policies of our templates as they stand deployed, and what a recorded decision of IAM comes to under them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from evaluator import Question

from provider.localcloud import LocalCloud
from provider.localcloud.calls import Decision

Document = dict[str, Any]
PREFIX = "cross-account-permission"
ROLES = {
    "ProviderRole": f"{PREFIX}-provider",
    "GrantorRole": f"{PREFIX}-grantor",
    "ObserverRole": f"{PREFIX}-observer",
    "ViewerRole": f"{PREFIX}-viewer",
    "RequestRole": f"{PREFIX}-request",
    "ReaderRole": f"{PREFIX}-reader",
    "AuditorRole": f"{PREFIX}-auditor",
    "ControllerRole": f"{PREFIX}-controller",
}
"""The roles of the templates, by logical id."""
OF_EVERY_ACCOUNT = ("ProviderRole", "GrantorRole", "ObserverRole", "ViewerRole")
BUCKET, SCHEDULE = "ArtifactBucketPolicy", "SchedulePermission"
_NOBODY = {"Effect": "Allow", "Principal": {"Service": "nobody.amazonaws.com"}, "Action": "sts:AssumeRole"}
_FOR_NOBODY: Document = {"Version": "2012-10-17", "Statement": [_NOBODY]}
CARELESS = "careless"
"""The name of a policy that is not of the templates, which somebody has attached to one of our roles."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a policy stands: the template's resource, the ARN of the one deployed, and its name there ("" on a resource)."""

    resource: str
    holder: str
    name: str


@dataclass(frozen=True)
class Policies:
    """All policies of the templates as deployed, and those of anybody else who asks (`others`, by the principal's ARN)."""

    documents: Mapping[Place, Document]
    others: Callable[[str], tuple[str, ...]]

    def ours(self, decision: Decision) -> bool:
        """Whether a decision is about one of our roles, or about something whose policy is ours."""
        return _role(decision.principal) in self._of_roles or _resource(decision.resource) in self._on_resources

    def changed(self, change: Callable[[Place, Document], Document]) -> "Policies":
        """These policies with every document changed."""
        return replace(self, documents={place: change(place, one) for place, one in self.documents.items()})

    def question(self, decision: Decision) -> Question:
        """What the evaluator is asked: the decision's request, under these policies."""
        session, *more = [*decision.session_policies, ""]
        assert more in ([], [""]), "a session has one policy at most"
        return Question(
            principal=decision.principal,
            action=decision.action,
            resource=decision.resource,
            owner=decision.owner,
            keys=json.dumps(dict(decision.keys), sort_keys=True),
            identity=self._of(decision.principal),
            session=session,
            policy=self._on_resources.get(_resource(decision.resource), decision.resource_policy),
        )

    def _of(self, principal: str) -> tuple[str, ...]:
        if ":" not in principal:
            return ()  # an AWS service has no policy of its own
        mine = self._of_roles.get(_role(principal))
        return self.others(principal) if mine is None else mine

    @cached_property
    def _of_roles(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        """The identity policies of our roles as JSON, by account and name; names are unique in an account."""
        found: dict[tuple[str, str], list[str]] = {}
        for place, document in sorted(self.documents.items()):
            if place.resource in ROLES:
                mine = found.setdefault((place.holder.split(":")[4], place.holder.rpartition("/")[2]), [])
                mine += [json.dumps(document)] if place.name and document["Statement"] else []
        return {role: tuple(texts) for role, texts in found.items()}

    @cached_property
    def _on_resources(self) -> Mapping[str, str]:
        """The policies on our roles, buckets and functions as JSON, by ARN; where no statement is left "", on a role one for nobody.

        A role cannot be without a trust policy, and even its own account's administrator is let in by nothing else.
        """
        on_resources = ((place, one) for place, one in self.documents.items() if not place.name)
        without = {place: json.dumps(_FOR_NOBODY) if place.resource in ROLES else "" for place in self.documents}
        return {place.holder: json.dumps(one) if one["Statement"] else without[place] for place, one in on_resources}


def _role(principal: str) -> tuple[str, str]:
    """The account and the name of the role whose session a principal is; empty for others."""
    _, _, _, _, account, session, *_ = [*principal.split(":"), *[""] * 5]
    return (account, session.split("/")[1]) if session.startswith("assumed-role/") else ("", "")


def _resource(arn: str) -> str:
    """What has the policy: of an object, its bucket."""
    return arn.partition("/")[0] if arn.startswith("arn:aws:s3:::") else arn


def read(cloud: LocalCloud, accounts: Mapping[str, str], regions: tuple[str, ...]) -> Policies:
    """Read everything that the templates have deployed."""
    central = accounts["central"]
    documents: dict[Place, Document] = {}
    for resource, role in ROLES.items():
        for account in accounts.values() if resource in OF_EVERY_ACCOUNT else [central]:
            documents |= _of_role(cloud.client("iam", account), resource, role)
    for region in regions:
        bucket = f"{PREFIX}-{central}-{region}"
        found = cloud.client("s3", central, region).get_bucket_policy(Bucket=bucket)["Policy"]
        documents[Place(BUCKET, f"arn:aws:s3:::{bucket}", "")] = json.loads(found)
    function = f"arn:aws:lambda:{regions[0]}:{central}:function:{PREFIX}-controller"
    found = cloud.client("lambda", central).get_policy(FunctionName=function)["Policy"]
    [permission] = json.loads(found)["Statement"]
    documents[Place(SCHEDULE, function, "")] = {"Version": "2012-10-17", "Statement": [{**permission, "Sid": SCHEDULE}]}
    return Policies(documents, Others(cloud).policies)


def _of_role(iam: Any, resource: str, role: str) -> Iterator[tuple[Place, Document]]:
    found = iam.get_role(RoleName=role)["Role"]
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    yield Place(resource, found["Arn"], ""), found["AssumeRolePolicyDocument"]
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        yield Place(resource, found["Arn"], name), _read(document)


def _read(document: Any) -> Document:
    found: Document = json.loads(unquote(document)) if isinstance(document, str) else document
    return found


@dataclass(slots=True)
class Others:
    """The policies of principals that are not of the templates: administrators, and the roles of tests."""

    cloud: LocalCloud
    _found: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def policies(self, principal: str) -> tuple[str, ...]:
        """The identity policies of a user, or of a session's role, as JSON."""
        account, named = principal.split(":")[4:6]
        kind, name = ("role" if named.startswith("assumed-role/") else "user"), named.split("/")[1]
        if (account, name) not in self._found:
            self._found[account, name] = tuple(self._read(account, kind, name))
        return self._found[account, name]

    def _read(self, account: str, kind: str, name: str) -> Iterator[str]:
        iam, named = self.cloud.client("iam", account), {f"{kind.capitalize()}Name": name}
        for policy in getattr(iam, f"list_{kind}_policies")(**named)["PolicyNames"]:
            yield json.dumps(_read(getattr(iam, f"get_{kind}_policy")(**named, PolicyName=policy)["PolicyDocument"]))
