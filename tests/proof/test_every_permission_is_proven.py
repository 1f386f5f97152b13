"""Every permission of the templates is needed, and whatever narrows one keeps somebody out: shown by what was really asked.

A life of all that the system does, and attacks on all that it has, are played on the local cloud. What IAM was asked
meanwhile is recorded, judged once more by an independent evaluator under the policies as deployed, and once more under
each of their mutants. No expected call is written down here.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from accounts import ACCOUNTS, OUTSIDE
from attackers import set_up
from attacks import ATTACKS, VARIATIONS
from deployed_policies import Policies, read
from evaluator import Evaluator, Opinion
from local_opinion import would_allow
from policy_mutants import Mutant, mutants, statements
from proof_page import CALL, PAGE, page
from rolled_out import REGIONS, ROOT, Organization
from samtranslator.yaml_helper import yaml_parse
from whole_life import Life

from provider.cli.organization import organization
from provider.localcloud.calls import Decision

UNPLACED = {
    # What the evaluator's list of resource types does not know, and why it is judged without the list.
    ("apigateway:POST", "no.resource.types"): "the list has /restapis/ID/deployments for other verbs alone",
    ("dynamodb:ListStreams", "must.use.wildcard"): "it has no resource in AWS's list; Lambda asks for it on the stream",
}

BOTH_SIDES = "the other account's side must allow as well, and names sts:AssumeRole (and sts:TagSession) alone"
DENIED_ALREADY = (
    "a denial refuses it first: NothingIsMadeButDeployments, NothingBelowARestApi, NothingIsReplacedOrDeleted"
)
ONE_BUCKET = "a bucket's policy is about that bucket alone"
ONE_FUNCTION = "a function's policy is about that function alone, and only EventBridge tells the rule that is asked for"
UNPROVEN: Mapping[tuple[str, str, str], str] = {
    ("ProviderRole", "AssumeTheRequestRole", "sts:* for its actions"): BOTH_SIDES,
    ("RequestRole", "AnAccountAsksAsItself", "sts:* for its actions"): BOTH_SIDES,
    ("ViewerRole", "AssumeTheReaderRole", "sts:* for its actions"): BOTH_SIDES,
    ("ControllerRole", "ActAsGrantorInTheOrganization", "sts:* for its actions"): BOTH_SIDES,
    ("ControllerRole", "ObserveInTheOrganization", "sts:* for its actions"): BOTH_SIDES,
    ("GrantorRole", "OnlyTheControllerGrants", "sts:* for its actions"): BOTH_SIDES,
    ("ObserverRole", "OnlyTheControllerObserves", "sts:* for its actions"): BOTH_SIDES,
    (
        "ObserverRole",
        "OnlyTheControllerObserves",
        "anybody for its principal",
    ): "its condition names the controller's role",
    ("ObserverRole", "SeeResourcesOfStacks", "* for cloudformation:stack/*"): (
        "only stacks have resources to describe, and stacks have no policies that let other accounts in"
    ),
    (
        "GrantorRole",
        "OnlyTheControllerGrants",
        "anybody for its principal",
    ): "its condition names the controller's role",
    ("GrantorRole", "DeployTaggedRestApis", "apigateway:* for its actions"): DENIED_ALREADY,
    ("GrantorRole", "DeployTaggedRestApis", "* for apigateway:/restapis/*/deployments"): DENIED_ALREADY,
    ("GrantorRole", "TellGoneApisFromUntagged", "apigateway:* for its actions"): DENIED_ALREADY,
    (
        "ControllerRole",
        "TellWhatHasBecomeOfGrants",
        "events:* for its actions",
    ): "its condition's key is PutEvents' alone",
    ("AuditorRole", "SeeTheAlarms", "* for cloudwatch:alarm:*"): "alarms alone are described",
    ("ArtifactBucketPolicy", "NothingGoesOverPlainHttp", "* for s3:cross-account-permission-…-…"): ONE_BUCKET,
    ("ArtifactBucketPolicy", "NothingGoesOverPlainHttp", "* for s3:cross-account-permission-…-…/*"): ONE_BUCKET,
    ("ArtifactBucketPolicy", "NothingIsOverwritten", "* for s3:cross-account-permission-…-…/*"): ONE_BUCKET,
    ("ArtifactBucketPolicy", "NothingIsDeleted", "* for s3:cross-account-permission-…-…/*"): ONE_BUCKET,
    ("SchedulePermission", "SchedulePermission", "lambda:* for its actions"): ONE_FUNCTION,
    (
        "SchedulePermission",
        "SchedulePermission",
        "* for lambda:function:cross-account-permission-controller",
    ): ONE_FUNCTION,
    ("SchedulePermission", "SchedulePermission", "anybody for its principal"): ONE_FUNCTION,
}
"""Mutants that change nothing that can be shown, by resource, Sid and change, and why."""

NOT_DEPLOYED = {
    ("RequestRole", "UseTheTablesKey"): "with KmsKeyArn alone: the local cloud's tables have no keys",
    ("ControllerRole", "UseTheTablesKey"): "likewise",
    ("ControllerRole", "UseTheQueuesKey"): "likewise, nor has its queue",
    ("ReaderRole", "ReadWithTheTablesKey"): "likewise",
    ("AuditorRole", "ReadWithTheTablesKey"): "likewise",
    ("ControllerRole", "AskTheOrganizationForItsMembers"): (
        "with AskOrganization alone: the local cloud's central account is not its organization's management account"
    ),
}


@dataclass(frozen=True)
class Played:
    """What IAM was asked: in the life (`lived`), in attacks (by what they are), and in requests that none can send."""

    policies: Policies
    lived: Sequence[Decision]
    attacked: Mapping[str, Sequence[Decision]]
    varied: Mapping[str, Decision]
    evaluator: Evaluator

    def opinions(self, decisions: Sequence[Decision]) -> list[tuple[Decision, Opinion]]:
        """The evaluator's opinion on each different request."""
        different = {(self.policies.question(one), one.allowed): one for one in decisions}
        answers = self.evaluator.judge([question for question, _ in different])
        return list(zip(different.values(), answers, strict=True))

    @property
    def refused(self) -> list[tuple[str, Decision]]:
        """What the attacks were refused, and what the requests that none can send are to be; with what each is."""
        denied = [(what, one) for what, decisions in self.attacked.items() for one in decisions if not one.allowed]
        return [*denied, *self.varied.items()]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """A cloud of its own, so that nothing but this is on its record, from the first deployment on."""
    where = tmp_path_factory.mktemp("proof")
    with Evaluator() as evaluator, organization(where, outside=OUTSIDE, regions=REGIONS) as cloud:
        org = Organization(cloud)
        Life(org).live()
        lived = [one for call in cloud.calls() for one in call.decisions]
        scene = set_up(org)
        attacked = {f"{attack.what} ({attack.who})": attack.attempt(scene) for attack in ATTACKS}
        assert len(attacked) == len(ATTACKS), "two attacks of one name"
        policies = read(cloud, ACCOUNTS, REGIONS)
        recorded = [*lived, *(one for decisions in attacked.values() for one in decisions)]
        varied = {one.what: one.made_of(recorded) for one in VARIATIONS}
        ours = [one for one in lived if policies.ours(one)]
        yield Played(policies, ours, attacked, varied, evaluator)


def test_the_proven_policies_are_those_of_the_templates(played: Played) -> None:
    """Statement by statement; what is not deployed has its reason."""
    found = {(resource, sid) for resource, _, sid in statements(played.policies)}
    written = {
        one for path in sorted((ROOT / "templates").glob("*.yaml")) for one in written_in(path.read_text("utf-8"))
    }
    assert found | set(NOT_DEPLOYED) == written
    assert found & set(NOT_DEPLOYED) == set()


def written_in(text: str) -> Iterator[tuple[str, str]]:
    """The resource and Sid of each statement of a template; a permission of a function is a statement too."""
    for name, resource in yaml_parse(text)["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Permission":
            yield name, name
        yield from ((name, sid) for sid in sids(resource))


def sids(node: object) -> Iterator[str]:
    """The Sids of all statements in a part of a template."""
    if isinstance(node, dict):
        if "Sid" in node:
            yield node["Sid"]
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from sids(one)


def told(decision: Decision) -> str:
    """A call, to be found in a message."""
    return f"{decision.principal} {decision.action} on {decision.resource} with {dict(decision.keys)}"


def test_every_call_of_our_roles_is_allowed(played: Played) -> None:
    """By the local cloud and by the evaluator; refused is only the grantor, where the owner has not consented or has nothing."""
    opinions = played.opinions(played.lived)
    assert [told(one) for one, opinion in opinions if one.allowed and not opinion.allowed] == []
    refused = [one for one, _ in opinions if not one.allowed]
    assert [told(one) for one in refused if not one.role.endswith("-grantor")] == []
    assert [told(one) for one in refused if one.keys.get("aws:resourcetag/crossaccountpermission") == "allowed"] == []
    assert refused != []


def test_both_judges_agree_on_every_request(played: Played) -> None:
    """On each action of each call, the life's and the attacks'."""
    attacks = [one for decisions in played.attacked.values() for one in decisions]
    opinions = played.opinions([*played.lived, *attacks])
    assert [told(one) for one, opinion in opinions if one.allowed != opinion.allowed] == []


def test_the_evaluator_knows_the_resources_of_our_calls(played: Played) -> None:
    """But for those that are listed with a reason."""
    unplaced = {(one.action, opinion.unplaced) for one, opinion in played.opinions(played.lived) if opinion.unplaced}
    assert unplaced == set(UNPLACED)


def test_requests_that_nobody_can_send_here_would_be_refused(played: Played) -> None:
    """By the evaluator, and by the local cloud's own reading of the same policies."""
    opinions = played.evaluator.judge([played.policies.question(one) for one in played.varied.values()])
    assert [what for what, opinion in zip(played.varied, opinions, strict=True) if opinion.allowed] == []
    asked = {what: played.policies.question(one) for what, one in played.varied.items()}
    assert [what for what, question in asked.items() if would_allow(question)] == []


@pytest.fixture(scope="module")
def shown(played: Played) -> Mapping[Mutant, str]:
    """What each mutant shows in; "" for those that show in nothing."""
    return {mutant: shows(mutant, played) for mutant in mutants(played.policies)}


def shows(mutant: Mutant, played: Played) -> str:
    """The first attack that a mutant lets through, or that it refuses a call of the life."""
    policies = mutant.of(played.policies)
    cases = played.refused if mutant.opens else [(CALL, one) for one in played.lived if one.allowed]
    asked = {policies.question(one): what for what, one in reversed(cases) if mutant.concerns(one.action)}
    ordered = list(reversed(asked))
    place = played.evaluator.first(ordered, allowed=mutant.opens)
    return "" if place is None else asked[ordered[place]]


def test_every_statement_is_needed_as_it_is(
    played: Played, shown: Mapping[Mutant, str], record_property: Callable[[str, Any], None]
) -> None:
    """Each mutant lets an attack through, or refuses a call of ours; those that do neither have their reason."""
    survivors = {mutant.name for mutant, what in shown.items() if not what}
    opens = sum(mutant.opens for mutant in shown)
    record_property(
        "summary",
        f"IAM proof: {len(played.lived)} requests and {len(played.attacked) + len(played.varied)} attacks, judged twice; of "
        f"{len(shown)} policy mutants, {opens} that open more and {len(shown) - opens} that refuse more, "
        f"{len(survivors)} survive, for reasons.",
    )
    assert survivors == set(UNPROVEN)


def test_the_page_says_what_was_shown(shown: Mapping[Mutant, str]) -> None:
    """`make docs` writes it."""
    text = page({mutant.name: what or f"nothing: {UNPROVEN.get(mutant.name)}" for mutant, what in shown.items()})
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(text, "utf-8")
    assert PAGE.read_text("utf-8") == text, "run `make docs`"
