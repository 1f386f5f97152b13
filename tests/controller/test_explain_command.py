"""`crossaccount explain`: a healthy use of each kind is allowed, and each way to break it is told by its part, and by whose turn it is."""

import json
from typing import Any

import pytest
from centre import CONSUMER, FUNCTION, OTHER, OWNER, permission, target
from reading import ReadCentre, read
from resources import BUYER, SELLER, asked, published

from provider.cli.ledger import TABLE
from provider.cli.main import run
from provider.controller.codec import to_wire
from provider.controller.names import Reservation, reserve
from provider.core.identifiers import AccountId

__all__ = ["read"]
ENDPOINT, ELSEWHERE = "vpce-0123456789abcdef0", "vpce-1111111111111111f"


class Iam:
    """IAM's simulator with one answer, and what it was asked."""

    def __init__(self) -> None:
        self.decision, self.asked = "allowed", []

    def simulate_principal_policy(self, **asked: Any) -> Any:
        self.asked.append(asked)
        return {"EvaluationResults": [{"EvalDecision": self.decision}]}


class Healthy(ReadCentre):
    """An authorizer, an API that is called through an endpoint, and a role, all published, asked for and in force."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.iam = Iam()
        self.ids = {"service": self.ask(OWNER, target().event("Create"))}
        for kind, changes in (("private", {"RedeployOnChange": "true"}), ("role", {}), ("api", {})):
            self.ids[kind] = self.ask(OWNER, published(kind, **changes).event("Create"))
        self.ids["authorizer"] = self.ask(CONSUMER, permission().event("Create"))
        self.ids["call"] = self.ask(CONSUMER, self.call.event("Create"))
        self.ids["assume"] = self.ask(CONSUMER, asked("role", "AssumeRole", "Role", Principals=[BUYER]).event("Create"))
        self.centre.round()

    call = asked(
        "private",
        "ExecuteApi",
        "Call",
        Principals=[BUYER],
        Methods=["GET"],
        Paths=["/orders"],
        VpcEndpointIds=[ENDPOINT],
    )

    def client(self, service: str, **more: Any) -> Any:
        return self.iam if service == "iam" else super().client(service, **more)

    def explain(self, *arguments: str) -> tuple[str, dict[str, tuple[str, str]]]:
        """The verdict, and of each part whether it is there and what is said."""
        code = run(["explain", *arguments, "--output", "json"])
        said = json.loads(self.capsys.readouterr().out)
        assert code == (0 if said["verdict"] == "Allowed" else 1)
        return said["verdict"], {part["part"]: (part["found"], part["what"]) for part in said["parts"]}

    def missing(self, *arguments: str) -> dict[str, str]:
        """What is missing; the use must not be allowed."""
        verdict, parts = self.explain(*arguments)
        assert verdict == "NotAllowed"
        return {part: what for part, (found, what) in parts.items() if found == "Missing"}

    def change(self, grant: str, name: str, **attributes: Any) -> None:
        """Change attributes of a grant's record, as passes do."""
        key = {"pk": {"S": f"TARGET#{OWNER}#default#{name}"}, "sk": {"S": f"GRANT#{grant}"}}
        item = self.tables.find(TABLE, key)
        assert item is not None
        self.tables.put(TABLE, key, {**item, **to_wire(attributes)})


AUTHORIZER = (CONSUMER, f"{OWNER}/token-service")
CALL = (BUYER, f"{OWNER}/private", "--method", "get", "--path", "/orders", "--vpc-endpoint", ENDPOINT)
CALL = (*CALL, "--caller-profile", "buyer")
ASSUME = (BUYER, f"{OWNER}/role", "--caller-profile", "buyer")


@pytest.fixture
def healthy(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Healthy:
    made = Healthy(capsys)
    monkeypatch.setattr("boto3.Session", made.session)
    return made


def test_a_healthy_authorizer_is_allowed_by_its_statement(healthy: Healthy) -> None:
    """Which stands in the very policy under that Sid; IAM need not be asked."""
    verdict, parts = healthy.explain(*AUTHORIZER)
    assert verdict == "Allowed"
    assert {part: found for part, (found, _) in parts.items()} == {
        "Publication": "Present",
        "Consent": "Present",
        "Grant": "Present",
    }
    document = healthy.centre.policies.document(FUNCTION)
    assert document is not None
    [statement] = document["Statement"]
    assert statement["Sid"] in parts["Grant"][1]
    assert healthy.ids["authorizer"] in parts["Grant"][1]


def test_a_healthy_call_and_a_healthy_role_are_allowed(healthy: Healthy) -> None:
    """All parts are there, the caller's own policies by what IAM says."""
    verdict, parts = healthy.explain(*CALL)
    assert verdict == "Allowed", parts
    assert list(parts) == ["Publication", "Consent", "Grant", "Endpoint", "Deployment", "IdentityPolicy"]
    assert healthy.explain(*ASSUME)[0] == "Allowed"
    calls = [(one["PolicySourceArn"], one["ActionNames"][0], one["ResourceArns"][0]) for one in healthy.iam.asked]
    assert calls == [
        (BUYER, "execute-api:Invoke", "arn:aws:execute-api:us-east-1:333333333333:privateapi/prod/GET/orders"),
        (BUYER, "sts:AssumeRole", "arn:aws:iam::333333333333:role/cross-account/orders"),
    ]


# --- each side, broken in one way --------------------------------------------------------------------


def test_a_target_that_nobody_publishes(healthy: Healthy) -> None:
    missing = healthy.missing(CONSUMER, f"{OWNER}/nothing", "--type", "Authorizer")
    assert missing["Publication"] == (
        f"Nothing is published as {OWNER}/nothing. Have its owner publish it (Custom::CrossAccountTarget)."
    )


def test_an_account_that_the_owner_has_taken_out(healthy: Healthy) -> None:
    healthy.ask(OWNER, target(AllowedAccounts=[OTHER]).event("Update", healthy.ids["service"]))
    missing = healthy.missing(*AUTHORIZER)
    assert set(missing) == {"Consent", "Grant"}
    assert f"Account {CONSUMER} is not" in missing["Consent"]
    assert "is suspended" in missing["Grant"]


def test_a_type_that_the_owner_does_not_offer(healthy: Healthy) -> None:
    missing = healthy.missing(*AUTHORIZER, "--type", "InvokeFunction")
    assert set(missing) == {"Consent", "Grant"}
    assert "InvokeFunction" in missing["Consent"]
    assert "see its GrantType" in missing["Grant"]


def test_an_account_that_has_not_asked(healthy: Healthy) -> None:
    healthy.ask(OWNER, target(AllowedAccounts=[OTHER, CONSUMER]).event("Update", healthy.ids["service"]))
    missing = healthy.missing(OTHER, f"{OWNER}/token-service")
    assert missing == {
        "Grant": f"Account {OTHER} has no permission on target {OWNER}/token-service. "
        "Ask for it: Custom::CrossAccountPermission with GrantType Authorizer, or crossaccount request."
    }


@pytest.mark.parametrize(
    ("arguments", "lacks"),
    [
        ((*AUTHORIZER, "--api", "another000"), "ApiId"),
        ((SELLER, *CALL[1:]), "Principals"),
        (tuple("post" if one == "get" else one for one in CALL), "Methods"),
        (tuple("/admin" if one == "/orders" else one for one in CALL), "Paths"),
        ((SELLER, *ASSUME[1:]), "Principals"),
    ],
)
def test_a_grant_that_does_not_cover_the_use(healthy: Healthy, arguments: tuple[str, ...], lacks: str) -> None:
    """By the property that does not, and no other part is to blame."""
    missing = healthy.missing(*arguments)
    assert set(missing) == {"Grant"}
    assert f"see its {lacks}. Ask for a permission whose {lacks} cover it." in missing["Grant"]


def test_a_call_through_another_endpoint(healthy: Healthy) -> None:
    missing = healthy.missing(*(ELSEWHERE if one == ENDPOINT else one for one in CALL))
    assert set(missing) == {"Endpoint"}
    assert ELSEWHERE in missing["Endpoint"]


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"state": "Withdrawn"}, "was given up"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "ended by itself at 2020-01-01T00:00:00Z"),
        ({"state": "Wanted"}, "not in force yet"),
        ({"state": "Obstructed"}, "gone, full or refuses it"),
    ],
)
def test_a_grant_that_is_not_in_force(healthy: Healthy, attributes: dict[str, Any], words: str) -> None:
    healthy.change(healthy.ids["authorizer"], "token-service", **attributes)
    missing = healthy.missing(*AUTHORIZER)
    assert set(missing) == {"Grant"}
    assert words in missing["Grant"]


def test_an_account_in_quarantine(healthy: Healthy) -> None:
    assert run(["quarantine", CONSUMER]) == 0
    healthy.capsys.readouterr()
    missing = healthy.missing(*AUTHORIZER)
    assert set(missing) == {"Grant"}
    assert "quarantine" in missing["Grant"]


def test_a_stage_that_was_not_deployed(healthy: Healthy) -> None:
    healthy.change(healthy.ids["call"], "private", deployed=False)
    missing = healthy.missing(*CALL)
    assert set(missing) == {"Deployment"}
    assert "Have the API's owner deploy the stage" in missing["Deployment"]


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        ("implicitDeny", "Allow sts:AssumeRole on arn:aws:iam::333333333333:role/cross-account/orders"),
        ("explicitDeny", "take the Deny out"),
    ],
)
def test_a_caller_whose_own_policies_do_not_allow_it(healthy: Healthy, decision: str, words: str) -> None:
    healthy.iam.decision = decision
    missing = healthy.missing(*ASSUME)
    assert set(missing) == {"IdentityPolicy"}
    assert words in missing["IdentityPolicy"]


# --- what is not seen --------------------------------------------------------------------------------


def test_what_was_not_looked_at_is_said(healthy: Healthy) -> None:
    """Nothing is missing, and still nobody can say that it is allowed."""
    verdict, parts = healthy.explain(BUYER, f"{OWNER}/private", "--method", "GET", "--path", "/orders")
    assert verdict == "Unknown"
    assert {part for part, (found, _) in parts.items() if found == "Unknown"} == {"Endpoint", "IdentityPolicy"}


def test_a_consumer_is_told_what_it_may_see(healthy: Healthy) -> None:
    """Its grant, and that the publication is not shown."""
    verdict, parts = healthy.explain(*AUTHORIZER, *healthy.account(CONSUMER))
    assert verdict == "Unknown"
    assert {part: found for part, (found, _) in parts.items()} == {"Publication": "Unknown", "Grant": "Present"}
    healthy.change(healthy.ids["authorizer"], "token-service", state="Suspended")
    assert set(healthy.missing(*AUTHORIZER, *healthy.account(CONSUMER))) == {"Grant"}


def test_an_owner_is_told_all_of_his_target(healthy: Healthy) -> None:
    assert healthy.explain(*AUTHORIZER, *healthy.account(OWNER))[0] == "Allowed"


def test_an_owner_is_not_told_in_which_unit_an_account_is(healthy: Healthy) -> None:
    """Where consent hangs on it, that is unknown; where the grant stands is told by its record."""
    units = target(AllowedAccounts=None, AllowedOrganizationalUnits=["ou-abcd-11111111"])
    change = units.event("Update", healthy.ids["service"])
    assert healthy.centre.ask(OWNER, change).status == "SUCCESS"
    healthy.change(healthy.ids["authorizer"], "token-service", state="InForce")
    verdict, parts = healthy.explain(*AUTHORIZER, *healthy.account(OWNER))
    assert verdict == "Unknown"
    assert {part: found for part, (found, _) in parts.items()} == {
        "Publication": "Present",
        "Consent": "Unknown",
        "Grant": "Present",
    }
    [line] = healthy.lines("grants", "--target", "token-service", *healthy.account(OWNER))
    assert (line["state"], line["why"]) == ("InForce", "")


def test_a_short_name_means_what_is_reserved(healthy: Healthy) -> None:
    reserve(healthy.tables, TABLE, Reservation("default", "token-service", AccountId(OWNER)))
    assert healthy.explain(CONSUMER, "token-service")[0] == "Allowed"


def test_the_table_ends_with_what_is_to_be_done(healthy: Healthy) -> None:
    assert run(["explain", OTHER, f"{OWNER}/token-service"]) == 1
    said = healthy.capsys.readouterr()
    assert said.out.splitlines()[0].split() == ["PART", "STATE", "WHAT"]
    assert said.err == (
        f"Error: account {OTHER} would not be let use {OWNER}/token-service. See Consent, Grant above.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("1111", f"{OWNER}/token-service"), "12 digits, or the ARN"),
        (("arn:aws:s3:::x", f"{OWNER}/token-service"), "12 digits, or the ARN"),
        ((CONSUMER, "nothing"), "Give ACCOUNT/NAME"),
        ((CONSUMER, "x/token-service"), "Give ACCOUNT/NAME"),
        ((CONSUMER, f"{OWNER}/nothing"), "Give --type, one of"),
    ],
)
def test_what_cannot_be_meant_is_said(healthy: Healthy, arguments: tuple[str, ...], words: str) -> None:
    assert run(["explain", *arguments]) == 2
    assert words in healthy.capsys.readouterr().err
