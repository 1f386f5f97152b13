"""CloudFormation and S3 as far as a roll-out meets them, in memory; every call is a place to be interrupted.

An operation that was begun goes on without who began it, and ends when somebody waits. Statuses and refusals are those of
docs/aws-behaviour.md §5; the local cloud is held to the same by tests/localcloud/test_stacks.py.
"""

# ruff: noqa: ARG002, N803 - boto3's arguments, not all of which matter here
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, WaiterError

from provider.rollout.plan import PREFIX
from provider.rollout.stacks import parameters_of

UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
NEVER_UP = ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED")
Place = tuple[str, str]  # account, Region


class InterruptedHere(BaseException):
    """The process dies at this call, as by Ctrl-C: nothing catches it."""


@dataclass
class StackTwin:
    """A stack; `outcome` is where the operation under way will end."""

    name: str
    status: str
    template: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    protected: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    outcome: str = ""
    reason: str = ""
    next: tuple[str, dict[str, str]] = ("", {})
    drifted: bool = False

    def end(self) -> None:
        """What is under way ends."""
        if self.outcome and not self.outcome.endswith("ROLLBACK_COMPLETE"):
            self.template, self.parameters = self.next
        self.status, self.outcome = self.outcome or self.status, ""


@dataclass
class AwsTwin:
    """All accounts. `dies_at` is the call (from 1) at which the process dies, before or `after` its effect."""

    stacks: dict[tuple[str, str, str], StackTwin] = field(default_factory=dict)
    objects: dict[str, set[str]] = field(default_factory=dict)
    change_sets: dict[str, tuple[Place, str, str, dict[str, str], str, dict[str, str]]] = field(default_factory=dict)
    reverting: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    done: list[tuple[str, str, str]] = field(default_factory=list)
    dies_at: int = 0
    after: bool = False

    def client(self, service: str, account: str, region: str) -> Any:
        """As `ClientFor`."""
        return S3Twin(self) if service == "s3" else CloudFormationTwin(self, (account, region))

    def called(self, name: str, effect: Callable[[], Any]) -> Any:
        """One call of the process."""
        self.calls.append(name)
        if len(self.calls) == self.dies_at and not self.after:
            raise InterruptedHere(name)
        here = len(self.calls) == self.dies_at
        try:
            return effect()
        finally:
            if here:
                raise InterruptedHere(name)  # instead of an answer or an error

    def stack(self, place: Place, name: str) -> StackTwin | None:
        """The stack of that name, by its name or a change set's."""
        return self.stacks.get((*place, name))

    def obstacle(self, place: Place, name: str, parameters: dict[str, str]) -> str:
        """Why a stack cannot come up: what it needs is not there."""
        account, region = place
        kind = name.removeprefix(f"{PREFIX}-")
        if kind in self.broken:
            return "is broken"
        for parameter, value in parameters.items():
            owner = parameters.get("CentralAccountId", account)
            if parameter.endswith("Key") and value not in self.objects.get(f"{PREFIX}-{owner}-{region}", ()):
                return f"no object {value} in {region}"
        roles = [one for (holder, _, one) in self.stacks if holder == account and one.endswith("-account-roles")]
        return "no role" if kind == "account-provider" and not roles else ""


def refused(operation: str, message: str) -> ClientError:
    """A ValidationError."""
    return ClientError({"Error": {"Code": "ValidationError", "Message": message}}, operation)


@dataclass
class CloudFormationTwin:
    """A client of one account and Region."""

    aws: AwsTwin
    place: Place

    class exceptions:  # noqa: N801 - boto3's name
        """Errors, as boto3 has them."""

        ClientError = ClientError

    def describe_stacks(self, *, StackName: str) -> Any:
        return self.aws.called("DescribeStacks", lambda: self._described(StackName))

    def _described(self, name: str) -> Any:
        found = self.aws.stack(self.place, name)
        if found is None:
            raise refused("DescribeStacks", f"Stack with id {name} does not exist")
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in found.parameters.items()]
        tags = [{"Key": key, "Value": value} for key, value in found.tags.items()]
        one = {"StackStatus": found.status, "Parameters": parameters, "Outputs": [], "Tags": tags}
        return {"Stacks": [{**one, "EnableTerminationProtection": found.protected}]}

    def create_change_set(self, **given: Any) -> Any:
        return self.aws.called("CreateChangeSet", lambda: self._planned(**given))

    def _planned(self, **given: Any) -> Any:
        name, kind, found = given["StackName"], given["ChangeSetType"], self.aws.stack(self.place, given["StackName"])
        if kind == "CREATE" and found is not None and found.status != "REVIEW_IN_PROGRESS":
            raise refused("CreateChangeSet", f"Stack [{name}] already exists and cannot be created again.")
        if kind == "UPDATE" and (found is None or found.status not in UPDATABLE):
            raise refused(
                "CreateChangeSet", f"Stack:{name} is in {found and found.status} state and can not be updated."
            )
        if found is None:
            self.aws.stacks[*self.place, name] = StackTwin(name, "REVIEW_IN_PROGRESS")
        had = found.parameters if found else {}
        told = {
            one["ParameterKey"]: had[one["ParameterKey"]] if one.get("UsePreviousValue") else one["ParameterValue"]
            for one in given["Parameters"]
        }
        if unknown := set(told) - parameters_of(given["TemplateBody"]):
            raise refused("CreateChangeSet", f"Parameters: {sorted(unknown)} do not exist in the template")
        tags = {one["Key"]: one["Value"] for one in given["Tags"]}
        arn = f"change-set/{len(self.aws.change_sets)}"
        if given.get("DeploymentMode") == "REVERT_DRIFT":
            if "ImportExistingResources" in given or kind != "UPDATE":
                raise refused("CreateChangeSet", "what drifted is reverted in an update, without importing")
            self.aws.reverting.add(arn)
        self.aws.change_sets[arn] = (self.place, name, given["TemplateBody"], told, kind, tags)
        return {"Id": arn}

    def delete_change_set(self, *, ChangeSetName: str) -> None:
        self.aws.called("DeleteChangeSet", lambda: self.aws.change_sets.pop(ChangeSetName, None))

    def execute_change_set(self, *, ChangeSetName: str) -> None:
        self.aws.called("ExecuteChangeSet", lambda: self._executed(ChangeSetName))

    def _executed(self, arn: str) -> None:
        place, name, template, parameters, kind, tags = self.aws.change_sets.pop(arn)
        stack = self.aws.stacks[*place, name]
        stack.tags = tags
        if arn in self.aws.reverting:
            stack.drifted = False
        stack.next, stack.reason = (template, parameters), self.aws.obstacle(place, name, parameters)
        stack.status = f"{kind}_IN_PROGRESS"
        ending = {"CREATE": "ROLLBACK_COMPLETE", "UPDATE": "UPDATE_ROLLBACK_COMPLETE"}[kind]
        stack.outcome = ending if stack.reason else f"{kind}_COMPLETE"
        self.aws.done.append((kind, f"{place[0]} {place[1]}", name))
        if name.endswith("-artifacts") and not stack.reason:
            self.aws.objects.setdefault(f"{PREFIX}-{place[0]}-{place[1]}", set())

    def update_termination_protection(self, *, StackName: str, EnableTerminationProtection: bool) -> None:
        def effect() -> None:
            self.aws.stacks[*self.place, StackName].protected = EnableTerminationProtection

        self.aws.called("UpdateTerminationProtection", effect)

    def delete_stack(self, *, StackName: str) -> None:
        self.aws.called("DeleteStack", lambda: self._deleted(StackName))

    def _deleted(self, name: str) -> None:
        stack = self.aws.stack(self.place, name)
        if stack is None:
            return
        if stack.protected:
            raise refused("DeleteStack", f"Stack [{name}] cannot be deleted while TerminationProtection is enabled")
        stack.status, stack.outcome = "DELETE_IN_PROGRESS", "DELETE_COMPLETE"
        self.aws.done.append(("DELETE", f"{self.place[0]} {self.place[1]}", name))

    def get_waiter(self, name: str) -> Any:
        return WaiterTwin(self, name)

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, *, StackName: str) -> Iterator[Any]:
        stack = self.aws.stack(self.place, StackName)
        reason = stack.reason if stack else ""
        event = {"LogicalResourceId": "Thing", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": reason}
        yield {"StackEvents": [event] if reason else []}


@dataclass
class WaiterTwin:
    """A waiter: what is under way ends while somebody waits."""

    client: CloudFormationTwin
    name: str

    def wait(self, *, WaiterConfig: Any, StackName: str = "", ChangeSetName: str = "") -> None:
        effect = (lambda: self._planned(ChangeSetName)) if ChangeSetName else (lambda: self._ended(StackName))
        self.client.aws.called(self.name, effect)

    def _planned(self, arn: str) -> None:
        place, name, template, parameters, _, tags = self.client.aws.change_sets[arn]
        stack = self.client.aws.stacks[*place, name]
        reverts = stack.drifted and arn in self.client.aws.reverting
        if (stack.template, stack.parameters, stack.tags) == (template, parameters, tags) and not reverts:
            answer = {"Status": "FAILED", "StatusReason": "The submitted information didn't contain changes."}
            raise WaiterError(self.name, "failed", answer)

    def _ended(self, name: str) -> None:
        key = (*self.client.place, name)
        stack = self.client.aws.stacks[key]
        stack.end()
        if stack.status == "DELETE_COMPLETE":
            del self.client.aws.stacks[key]
        wanted = f"{self.name.split('_')[1].upper()}_COMPLETE"
        if stack.status != wanted:
            raise WaiterError(self.name, "failed", {"StackStatus": stack.status})


@dataclass
class S3Twin:
    """The artifact buckets."""

    aws: AwsTwin

    def head_bucket(self, *, Bucket: str, ExpectedBucketOwner: str) -> Any:
        return self.aws.called("HeadBucket", lambda: self._found(Bucket))

    def _found(self, bucket: str) -> Any:
        if bucket not in self.aws.objects:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadBucket")
        return {}

    def put_object(self, *, Bucket: str, Key: str, IfNoneMatch: str, **_: Any) -> None:
        self.aws.called("PutObject", lambda: self._put(Bucket, Key))

    def _put(self, bucket: str, key: str) -> None:
        if key in self.aws.objects[bucket]:
            raise ClientError({"Error": {"Code": "PreconditionFailed", "Message": "there"}}, "PutObject")
        self.aws.objects[bucket].add(key)
