# ruff: noqa: SLF001 - a correction reaches into the base's private names; ministack_names guards them
"""Where the resource policies of functions are kept: one each for the function, its versions, its aliases.

Several operations write them (AddPermission, PutResourcePolicy); they all go through `PolicyPlace`.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from provider.localcloud.behaviour import behaviour
from provider.localcloud.corrections.function_names import FunctionName
from provider.localcloud.corrections.iam_enforcement import policies_of
from provider.localcloud.corrections.ministack_names import part, require
from provider.localcloud.corrections.policy_principals import readable

LIMIT = 20480
_STORE = "localcloud_policies"


def apply() -> None:
    """Let IAM find functions' policies, in whatever account, by the ARN with its qualifier."""
    require("services.lambda_svc", "_functions")
    policies_of["lambda"] = _policy_of_function


class RefusedError(Exception):
    """Lambda refuses: status, code and message of AWS's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Write the refusal as Lambda's API does."""
        body = json.dumps({"Type": "User", "Message": self.message, "message": self.message}).encode()
        return self.status, {"Content-Type": "application/json", "x-amzn-errortype": self.code}, body


@dataclass(frozen=True, slots=True)
class PolicyPlace:
    """A function, version or alias that exists, and its policy.

    `holder` is the record that the policy belongs to: a qualifier deleted and made again is another
    record and has none. `revised` is the record with its `RevisionId`.
    """

    name: FunctionName
    function: dict[str, Any]
    holder: dict[str, Any]
    revised: dict[str, Any]

    @classmethod
    def find(cls, name: FunctionName) -> Self | None:
        """Find what a name means; None when there is no such function, version or alias."""
        found = part("services.lambda_svc")._functions.get_scoped(name.account, name.region, name.name)
        if found is None or not name.qualifier:
            return cls(name, found, found, found["config"]) if found else None
        if name.qualifier in found["aliases"]:
            alias = found["aliases"][name.qualifier]
            return cls(name, found, alias, alias)
        version = found["versions"].get(name.qualifier)
        return cls(name, found, version, version["config"]) if version else None

    @property
    def stored(self) -> Mapping[str, Any] | None:
        """The policy as it is stored, principals by unique id; None when there is none."""
        holder, policy = self.function.get(_STORE, {}).get(self.name.qualifier, (None, None))
        return policy if holder is self.holder else None

    @property
    def policy(self) -> dict[str, Any] | None:
        """The policy as AWS returns it; None when there is none."""
        return readable(self.stored) if self.stored else None

    @property
    def revision(self) -> str:
        """The RevisionId: the function's, version's or alias's own."""
        return str(self.revised["RevisionId"])

    @behaviour(
        call="lambda:GetPolicy",
        expected="the function, each version and each alias have a policy of their own, and their own RevisionId, which "
        "every change renews; deleting what has the policy deletes it",
        source="docs/aws-behaviour.md §1",
        test="tests/localcloud/test_function_permissions.py::test_each_qualifier_has_a_policy_of_its_own",
    )
    def write(self, policy: Mapping[str, Any] | None) -> None:
        """Replace the policy, whose principals are bound; None removes it."""
        self.function.setdefault(_STORE, {})[self.name.qualifier] = (self.holder, policy)
        before, after = self.revision, str(uuid.uuid4())
        self.revised["RevisionId"] = after
        for version in self.function["versions"].values():
            if version.get("function_revision") == before:
                version["function_revision"] = after  # by which the base knows that nothing is to be published

    @behaviour(
        call="lambda:AddPermission",
        expected="a RevisionId that is not the latest: PreconditionFailedException 412",
        source="docs/aws-behaviour.md §1",
        test="tests/localcloud/test_function_permissions.py::test_a_stale_revision_is_refused",
    )
    def check_revision(self, told: str | None) -> None:
        """Refuse a revision that is told and not the latest.

        Raises:
            RefusedError: it is another.
        """
        if told and told != self.revision:
            message = (
                "The RevisionId provided does not match the latest RevisionId for the Lambda function or alias. Call the "
                "GetPolicy API to retrieve the latest RevisionId for your resource."
            )
            raise RefusedError(412, "PreconditionFailedException", message)

    @behaviour(
        call="lambda:AddPermission",
        expected="PolicyLengthExceededException 400 over 20480 characters: 'The final policy size (…) is bigger than the "
        "limit (20480).'",
        source="docs/aws-behaviour.md §1",
        test="tests/localcloud/test_function_permissions.py::test_a_policy_has_20480_characters_at_most",
    )
    def check_size(self, size: int) -> None:
        """Refuse a policy of too many characters.

        Raises:
            RefusedError: it has more than 20480.
        """
        if size > LIMIT:
            message = f"The final policy size ({size}) is bigger than the limit ({LIMIT})."
            raise RefusedError(400, "PolicyLengthExceededException", message)


def _policy_of_function(arn: str) -> tuple[str, str] | None:
    name = FunctionName.of_arn(arn)
    if name is None:
        return None
    place = PolicyPlace.find(name)
    return (json.dumps(place.stored) if place and place.stored else "", name.account)


def not_found(name: FunctionName) -> RefusedError:
    """There is no such function, version or alias."""
    return RefusedError(404, "ResourceNotFoundException", f"Function not found: {name.arn}")


def no_policy() -> RefusedError:
    """There is no policy, or no function: AWS does not tell which."""
    return RefusedError(404, "ResourceNotFoundException", "The resource you requested does not exist.")


def latest() -> RefusedError:
    """A policy for `$LATEST` is refused."""
    return RefusedError(
        400, "InvalidParameterValueException", "We currently do not support adding policies for $LATEST."
    )


def bad_principal() -> RefusedError:
    """A principal is none, or does not exist."""
    message = "The provided principal was invalid. Please check the principal and try again."
    return RefusedError(400, "InvalidParameterValueException", message)
