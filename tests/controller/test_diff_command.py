"""`crossaccount diff`: what a template would change, told by the controller's own rules before it is deployed."""

import json
from pathlib import Path
from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OTHER, OWNER, Resource, permission, target
from reading import ReadCentre, read
from resources import published

from provider.cli.ledger import TABLE
from provider.cli.main import run
from provider.cli.template_values import Values, unknown
from provider.controller.names import Reservation, reserve
from provider.core.identifiers import AccountId

__all__ = ["read"]
PERMISSION, TARGET, LOOKUP = (f"Custom::CrossAccount{name}" for name in ("Permission", "Target", "TargetLookup"))
STACK = "arn:aws:cloudformation:us-east-1:{}:stack/{}/0d1c"


@pytest.fixture
def service(read: ReadCentre) -> ReadCentre:
    """A function that the owner publishes for the consumer."""
    read.ask(OWNER, target().event("Create"))
    return read


class Diff:
    """The command on one template."""

    def __init__(self, read: ReadCentre, path: Path) -> None:
        self.read, self.path = read, path / "template.json"

    def __call__(
        self, resources: dict[str, Any], *options: str, account: str = CONSUMER, stack: str = "orders", **more: Any
    ) -> tuple[int, list[list[str]]]:
        """The exit code, and of each line verdict, resource and why."""
        self.path.write_text(json.dumps({"Resources": resources, **more}))
        arguments = ["diff", str(self.path), "--stack-name", stack, "--account", account, "--output", "json", *options]
        code = run(arguments)
        lines = json.loads(self.read.capsys.readouterr().out)
        return code, [[line["verdict"], line["resource"], line["why"]] for line in lines]


@pytest.fixture
def diff(service: ReadCentre, tmp_path: Path) -> Diff:
    return Diff(service, tmp_path)


def asks(**changes: Any) -> dict[str, Any]:
    """A permission in a template, as the consumer's stack has it."""
    return of(permission(**changes))


def of(resource: Resource) -> dict[str, Any]:
    properties = {name: value for name, value in resource.properties.items() if value is not None}
    return {"Type": f"Custom::CrossAccount{resource.type}", "Properties": {"ServiceToken": "token", **properties}}


def test_a_new_permission_would_be_granted(diff: Diff) -> None:
    assert diff({"Permission": asks()}) == (1, [["Granted", "Permission", ""]])


def test_a_deployed_template_changes_nothing(diff: Diff) -> None:
    diff.read.ask(CONSUMER, permission().event("Create"))
    assert diff({"Permission": asks()}) == (0, [["Unchanged", "Permission", ""]])


def test_another_specification_is_a_change(diff: Diff) -> None:
    diff.read.ask(CONSUMER, permission().event("Create"))
    assert diff({"Permission": asks(ApiId="another000")}) == (1, [["Changed", "Permission", ""]])


def test_what_is_not_in_the_template_any_more_is_withdrawn(diff: Diff) -> None:
    diff.read.ask(CONSUMER, permission().event("Create"))
    assert diff({}) == (1, [["Withdrawn", "Permission", ""]])
    assert diff({"Permission": asks()}, stack="another") == (1, [["Granted", "Permission", ""]]), (
        "another stack's stays"
    )


def test_what_its_owner_does_not_allow_would_be_refused_as_the_controller_says(diff: Diff) -> None:
    answer = diff.read.centre.ask(OTHER, permission(OTHER).event("Create"))
    code, [[verdict, _, why]] = diff({"Permission": asks()}, account=OTHER)
    assert (code, verdict, why) == (5, "Refused", answer.reason)


@pytest.mark.parametrize(
    "changes",
    [
        {"GrantType": "InvokeFunction", "ApiId": None},
        {"Target": f"{OWNER}/nothing"},
        {"Target": "token-service"},
        {"ApiId": "NOT AN API"},
        {"Unheard": "of"},
        {"ExpiresAt": "2020-01-01T00:00:00Z"},
    ],
)
def test_a_refusal_is_the_controllers_own(diff: Diff, changes: dict[str, Any]) -> None:
    """Word for word, whatever is wrong."""
    answer = diff.read.centre.ask(CONSUMER, permission(**changes).event("Create"))
    assert answer.status == "FAILED"
    code, [[verdict, _, why]] = diff({"Permission": asks(**changes)})
    assert (code, verdict, why) == (5, "Refused", answer.reason)


def test_an_account_in_quarantine_would_be_refused(diff: Diff) -> None:
    assert run(["quarantine", CONSUMER]) == 0
    diff.read.capsys.readouterr()
    code, [[verdict, _, why]] = diff({"Permission": asks()})
    assert (code, verdict) == (5, "Refused")
    assert why.startswith(f"Account {CONSUMER} is in quarantine")


def test_parameters_conditions_and_functions_are_worked_out(diff: Diff) -> None:
    """Ref, Sub, Join, If, FindInMap, Select, Split; a condition that does not hold leaves its resource out."""
    resources = {
        "Permission": asks(
            Target={"Fn::Sub": ["${Owner}/${Name}", {"Name": {"Fn::FindInMap": ["Names", {"Ref": "Stage"}, "name"]}}]},
            GrantType={"Fn::If": ["IsProd", "Authorizer", "InvokeFunction"]},
            ApiId={"Fn::Join": ["", ["a1b2c3", {"Fn::Select": ["1", {"Fn::Split": [",", "x,d4e5"]}]}]]},
            Environment={"Ref": "AWS::NoValue"},
        ),
        "Second": {**asks(), "Condition": "IsNotProd"},
    }
    more = {
        "Parameters": {"Owner": {"Type": "String"}, "Stage": {"Type": "String", "Default": "dev"}},
        "Conditions": {
            "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "IsNotProd": {"Fn::Not": [{"Condition": "IsProd"}]},
        },
        "Mappings": {"Names": {"prod": {"name": "token-service"}, "dev": {"name": "nothing"}}},
    }
    options = ("--parameter", f"Owner={OWNER}", "--parameter", "Stage=prod")
    assert diff(resources, *options, **more) == (1, [["Granted", "Permission", ""]])
    diff.read.ask(CONSUMER, permission().event("Create"))
    assert diff(resources, *options, **more)[0] == 0, "it comes to what was deployed"


def test_what_only_the_deployment_tells_is_said_to_be_unknown(diff: Diff) -> None:
    """An API's id decides nothing of consent; a target's name does."""
    new = diff({"Permission": asks(ApiId={"Ref": "Api"})})
    assert new == (1, [["Granted", "Permission", "ApiId (Ref Api): known when it is deployed"]])
    diff.read.ask(CONSUMER, permission().event("Create"))
    same = diff({"Permission": asks(ApiId={"Ref": "Api"})})
    assert same == (0, [["Unchanged", "Permission", "unless ApiId (Ref Api): known when it is deployed"]])
    other = diff({"Permission": asks(Target={"Fn::ImportValue": "x"})})
    assert other == (1, [["Unknown", "Permission", "Target (x): known when it is deployed"]])
    missing = diff({"Permission": asks(Target={"Ref": "Target"})}, Parameters={"Target": {"Type": "String"}})
    assert missing == (1, [["Unknown", "Permission", "Target (parameter Target): known when it is deployed"]])


def test_a_short_name_means_what_is_reserved(diff: Diff) -> None:
    reserve(diff.read.tables, TABLE, Reservation("default", "token-service", AccountId(OWNER)))
    assert diff({"Permission": asks(Target="token-service")}) == (1, [["Granted", "Permission", ""]])


def test_a_consumer_is_told_what_it_may_not_see(diff: Diff) -> None:
    """What it holds already is unchanged; of anything new it is said that the owner's consent is not shown."""
    diff.read.ask(CONSUMER, permission().event("Create"))
    options = diff.read.account(CONSUMER)
    assert diff({"Permission": asks()}, *options) == (0, [["Unchanged", "Permission", ""]])
    code, [[verdict, _, why]] = diff({"Permission": asks(ApiId="another000")}, *options)
    assert (code, verdict) == (1, "Unknown")
    assert why.startswith("whether its owner lets this account have it is not shown")
    code, [[verdict, _, why]] = diff({"Permission": asks(Target="token-service")}, *options)
    assert (code, verdict) == (1, "Unknown")
    assert "ACCOUNT/NAME" in why


def test_a_new_target_would_be_published(diff: Diff) -> None:
    found = diff({"Target": of(published("role"))}, account=OWNER, stack="owner")
    assert found == (1, [["Published", "Target", ""]])


def test_an_owner_sees_whom_a_change_suspends(diff: Diff) -> None:
    """And who returns; also by his own account's part alone."""
    diff.read.ask(CONSUMER, permission().event("Create"))
    kept = {"TokenServiceTarget": of(target())}
    narrowed = {"TokenServiceTarget": of(target(AllowedAccounts=[OTHER]))}
    for options in ([], diff.read.account(OWNER)):
        assert diff(kept, *options, account=OWNER, stack="token-service")[0] == 0
        code, lines = diff(narrowed, *options, account=OWNER, stack="token-service")
        assert code == 1
        assert [line[0] for line in lines] == ["Changed", "Suspended"]
        assert CONSUMER in lines[1][2]
    diff.read.ask(OWNER, target(AllowedAccounts=[OTHER]).event("Create"))
    _, lines = diff(kept, account=OWNER, stack="token-service")
    assert [line[0] for line in lines] == ["Changed", "Granted"]


def test_the_last_publication_with_consumers_is_not_taken_out(diff: Diff) -> None:
    """As the controller would say; with leave it is told who loses what."""
    diff.read.ask(CONSUMER, permission().event("Create"))
    code, [[verdict, _, why]] = diff({}, account=OWNER, stack="token-service")
    assert (code, verdict) == (5, "Refused")
    assert why.startswith(f"Target {OWNER}/token-service still has 1 grant")
    before = diff.read.ask(OWNER, target().event("Create"))
    diff.read.ask(OWNER, target(AllowDeletionWithConsumers="true").event("Update", before))
    diff.read.ask(OWNER, target(AllowDeletionWithConsumers="true").event("Delete", before))
    code, lines = diff({}, account=OWNER, stack="token-service")
    assert (code, [line[0] for line in lines]) == (1, ["Withdrawn", "Suspended"])


def test_an_owners_function_may_be_known_later(diff: Diff) -> None:
    later = {"TokenServiceTarget": of(target(FunctionArn={"Ref": "Alias"}))}
    code, [[verdict, _, why]] = diff(later, account=OWNER, stack="token-service")
    assert (code, verdict) == (0, "Unchanged")
    assert "FunctionArn" in why
    assert FUNCTION not in why


def test_a_lookup_changes_nothing_and_may_be_refused(diff: Diff) -> None:
    lookup = of(Resource(CONSUMER, "TargetLookup", {"Target": f"{OWNER}/token-service"}))
    assert diff({"Where": lookup}) == (0, [["Unchanged", "Where", ""]])
    assert diff({"Where": lookup}, account=OTHER)[0] == 5


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [b\n", "line 2"),
        ("Resources: {}\nResources: {}\n", "line"),
        ("- a list\n", ""),
        ("just text", ""),
        ("", ""),
        ("Parameters: {}\n", "has no Resources"),
        ("\x00", ""),
        ("a: " * 2000, ""),
        ("[" * 5000, ""),
        ("Resources:\n  Fn::ForEach::X: [a, [b], {c: d}]\n", "Fn::ForEach::X is not worked out here"),
    ],
)
def test_what_is_no_template_is_said_in_one_sentence(
    service: ReadCentre, tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    assert run(["diff", str(path), "--stack-name", "orders"]) == 2
    said = service.capsys.readouterr().err
    assert said.startswith("Error: ")
    assert said.count("\n") == 1, said
    assert words in said


def test_bytes_that_are_no_text_and_a_missing_file_are_said(service: ReadCentre, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(b"\xff\xfe\x00a")
    assert run(["diff", str(path), "--stack-name", "orders"]) == 2
    assert run(["diff", str(tmp_path / "none.yaml"), "--stack-name", "orders"]) == 3
    assert service.capsys.readouterr().err.count("\n") == 2


def test_aliases_of_aliases_do_not_hang(service: ReadCentre, tmp_path: Path) -> None:
    """Ten levels of ten are ten thousand million values."""
    lines = ["Metadata:", "  a0: &a0 [x, x]"]
    lines += [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    lines += ["Resources:", "  P:", f"    Type: {PERMISSION}", "    Properties:", "      Target: *a9"]
    path = tmp_path / "aliases.yaml"
    path.write_text("\n".join(lines))
    assert run(["diff", str(path), "--stack-name", "orders"]) in (1, 2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--parameter", "Nothing=1"], "none of the template's parameters"),
        (["--parameter", "Target"], "NAME=VALUE"),
        (["--account", "12"], "12 digits"),
    ],
)
def test_options_that_cannot_be_meant_are_said(
    service: ReadCentre, tmp_path: Path, options: list[str], words: str
) -> None:
    path = tmp_path / "template.json"
    path.write_text(json.dumps({"Resources": {}}))
    assert run(["diff", str(path), "--stack-name", "orders", *options]) == 2
    assert words in service.capsys.readouterr().err


def test_a_condition_that_does_not_hold_takes_the_other_branch(diff: Diff) -> None:
    """And makes the resource that waits for it."""
    resources = {
        "First": {**asks(), "Condition": "IsProd"},
        "Second": {**asks(ApiId={"Fn::If": ["IsProd", "prod000000", "dev0000000"]}), "Condition": "IsDev"},
    }
    more = {
        "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
        "Conditions": {
            "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "IsDev": {"Fn::Or": [{"Fn::Equals": [{"Ref": "Stage"}, "dev"]}, {"Condition": "IsProd"}]},
        },
    }
    assert diff(resources, **more) == (1, [["Granted", "Second", ""]])
    prod = diff(resources, "--parameter", "Stage=prod", **more)
    assert [line[1] for line in prod[1]] == ["First", "Second"]


def test_an_account_at_its_limit_may_change_what_it_has_and_not_ask_for_more(diff: Diff) -> None:
    """As the controller counts: beside those of the same resource."""
    read = diff.read
    read.ask(OWNER, target(MaximumGrantsPerAccount=1).event("Create"))
    read.ask(CONSUMER, permission().event("Create"))
    assert diff({"Permission": asks(ApiId="another000")})[1][0][0] == "Changed"
    code, lines = diff({"Permission": asks(), "More": asks(ApiId="more000000")})
    assert (code, [line[0] for line in lines]) == (5, ["Unchanged", "Refused"])


def test_a_change_that_suspends_nobody_names_nobody(diff: Diff) -> None:
    """Neither those who keep what they have, nor those who gave it up, or whose time is over."""
    read = diff.read
    read.ask(CONSUMER, permission().event("Create"))
    gone = read.ask(CONSUMER, permission(ApiId="gone000000", ExpiresAt="2026-11-19T00:00:00Z").event("Create", None))
    assert gone
    wider = {"TokenServiceTarget": of(target(AllowedAccounts=[CONSUMER, OTHER]))}
    _, lines = diff(wider, account=OWNER, stack="token-service")
    assert [line[0] for line in lines] == ["Changed"]
    narrower = {"TokenServiceTarget": of(target(AllowedAccounts=[OTHER]))}
    _, lines = diff(narrower, account=OWNER, stack="token-service")
    assert [line[0] for line in lines] == ["Changed"], "the one grant that is left has ended"


def test_whom_units_let_in_is_unknown_where_they_are_not_told(diff: Diff) -> None:
    diff.read.ask(CONSUMER, permission().event("Create"))
    units = target(AllowedAccounts=None, AllowedOrganizationalUnits=["ou-abcd-11111111"])
    code, lines = diff({"TokenServiceTarget": of(units)}, account=OWNER, stack="token-service")
    assert (code, [line[0] for line in lines]) == (1, ["Changed", "Unknown"])


def test_a_value_of_too_many_parts_is_unknown() -> None:
    """However few bytes of YAML make it."""
    node: object = "x"
    for _ in range(7):
        node = [node] * 10
    found = unknown(Values({}, {}, {}).of(node))
    assert found is not None
    assert found.what == "more than 100000 parts"
