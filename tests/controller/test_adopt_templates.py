"""The permissions that `crossaccount adopt` proposes: the templates that it prints are what their accounts have to deploy."""

import yaml
from adopting import by_hand, document
from centre import CONSUMER, FUNCTION, OTHER, OWNER, permission, source, target
from hand_written import ALL, NAME, THEIRS, read, sids, theirs
from reading import ReadCentre
from resources import ALIASES, API, asked, published

from provider.cli.main import run
from provider.core.identifiers import Arn
from provider.core.properties import PERMISSION, validate

__all__ = ["read", "theirs"]


class Template(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


Template.add_constructor("!Sub", lambda loader, node: {"Fn::Sub": loader.construct_scalar(node)})  # type: ignore[arg-type]


def test_the_templates_declare_what_the_controller_takes_for_each_account(theirs: ReadCentre) -> None:
    assert run(["adopt", NAME, *THEIRS, "--template"]) == 0
    text = theirs.capsys.readouterr().out
    assert f"# account {CONSUMER}, Region us-east-1" in text
    found = list(yaml.load_all(text, Template))
    assert [list(one["Resources"]) for one in found] == [["TokenServicePermission"]] * 2
    for one in found:
        [resource] = one["Resources"].values()
        assert resource["Type"] == PERMISSION
        validate(PERMISSION, resource["Properties"] | {"ServiceToken": "arn"})
        assert resource["Properties"]["Target"] == NAME
    given = found[0]["Resources"]["TokenServicePermission"]["Properties"]
    event = permission().event("Create") | {"ResourceProperties": {**given, "ServiceToken": "arn"}}
    assert run(ALL) == 0
    theirs.ask(CONSUMER, event)
    assert sids(theirs)[:2] == ["orders444", "No"]


def test_a_stage_that_the_target_does_not_publish_is_told_apart(theirs: ReadCentre) -> None:
    theirs.ask(OWNER, published("api").event("Create"))
    both = {
        "Effect": "Allow",
        "Principal": {"AWS": CONSUMER},
        "Action": "execute-api:Invoke",
        "Resource": [f"{API}/prod/*", f"{API}/beta/*"],
    }
    theirs.centre.policies.put(Arn(API), document(both))
    beta, prod = theirs.lines("adopt", f"{OWNER}/api", *THEIRS)
    assert (prod["state"], beta["state"]) == ("Missing", "Refused")
    assert f"{API}/beta is not what {OWNER}/api publishes" in beta["why"]
    assert prod["statement"] == prod["id"], "it has no Sid"


def test_of_a_target_with_several_aliases_the_permission_names_that_of_the_statement(theirs: ReadCentre) -> None:
    """It would be put on the least full one otherwise, and the statement stay."""
    theirs.ask(OWNER, published("aliases").event("Create"))
    green = Arn(f"{ALIASES}:green")
    invokes = by_hand(Principal={"AWS": CONSUMER}, Resource=green)
    theirs.centre.policies.put(green, document({name: invokes[name] for name in invokes if name != "Condition"}))
    [line] = theirs.lines("adopt", f"{OWNER}/aliases", *THEIRS)
    assert (line["type"], line["properties"]) == ("InvokeFunction", {"TargetArn": green})
    assert run(["adopt", f"{OWNER}/aliases", *THEIRS, "--all"]) == 0
    asks = asked("aliases", "InvokeFunction", **line["properties"])
    theirs.ask(CONSUMER, asks.event("Create"))
    [statement] = theirs.centre.policies.document(green)["Statement"]
    assert theirs.centre.id.owns(statement)


def test_an_owner_who_has_every_grant_end_is_told_what_to_add(theirs: ReadCentre) -> None:
    theirs.ask(OWNER, target(Name="ending", MaximumGrantDays="30").event("Create") | {"LogicalResourceId": "Ending"})
    [line, *_] = theirs.lines("adopt", f"{OWNER}/ending", *THEIRS)
    assert line["state"] == "Refused"
    assert "ExpiresAt" in line["why"]


def test_several_permissions_of_an_account_are_one_template_for_each_region(theirs: ReadCentre) -> None:
    """None is asked for twice, each says from which statement it comes, and why it would be refused at present."""
    sources = [source(), source("apibbbbbbb"), source("apiccccccc").replace("us-east-1", "eu-west-1")]
    theirs.ask(OWNER, target(Environment="dev").event("Create") | {"LogicalResourceId": "Dev"})
    statements = [by_hand(sid=f"S{number}", Condition={"ArnLike": {"AWS:SourceArn": sources}}) for number in range(2)]
    theirs.centre.policies.put(Arn(FUNCTION), document(*statements, by_hand(OTHER, sid="a\nb: c")))
    assert run(["adopt", NAME, "--environment", "dev", *THEIRS, "--template"]) == 0
    text = theirs.capsys.readouterr().out
    found = list(yaml.load_all(text, Template))
    assert [sorted(one["Resources"]) for one in found] == [
        ["TokenServicePermission"],
        ["TokenServicePermission1", "TokenServicePermission2"],
        ["TokenServicePermission"],
    ]
    given = [each["Properties"] for one in found for each in one["Resources"].values()]
    assert [(one["ApiId"], one["Environment"]) for one in given] == [
        ("apiccccccc", "dev"),
        ("a1b2c3d4e5", "dev"),
        ("apibbbbbbb", "dev"),
        ("a1b2c3d4e5", "dev"),
    ]
    assert f"# account {CONSUMER}, Region eu-west-1" in text
    assert "# what a b: c allows; at present refused: Account" in text


def test_where_all_is_granted_no_template_is_left(theirs: ReadCentre) -> None:
    theirs.centre.policies.put(Arn(FUNCTION), document(by_hand()))
    theirs.ask(CONSUMER, permission().event("Create"))
    assert run(["adopt", NAME, *THEIRS, "--template"]) == 0
    assert theirs.capsys.readouterr().out == "# Nothing has to be asked for.\n"
