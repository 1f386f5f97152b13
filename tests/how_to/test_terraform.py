"""docs/how-to/terraform.md, followed; and the life of the example's resource, played as Terraform's AWS provider plays it."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from identities import a_name
from pages import PAGES, follow
from rolled_out import ROOT, TEMPLATES, Organization
from terraform_configuration import MAIN, Configuration, blocks, sent

from provider.cli.organization import ACCOUNTS
from provider.core.properties import PERMISSION, validate

CONSUMER = ACCOUNTS["consumer"]
JOB = f"arn:aws:iam::{CONSUMER}:role/orders-job"
ASKED = Configuration({"target": "333333333333/orders", "principals": [JOB]})
WISH, REST_API = TEMPLATES / "wish.yaml", TEMPLATES / "rest-api.yaml"


def test_the_page_is_followed_by_the_aws_cli(org: Organization, tmp_path: Path) -> None:
    follow("terraform.md", org, tmp_path)


@pytest.mark.parametrize(("action", "paths"), [("create", ["/orders"]), ("delete", ["/orders", "/orders/*"])])
def test_the_page_sends_what_the_configuration_sends(action: str, paths: list[str]) -> None:
    """The shell's function on the page, run, against main.tf, parsed."""
    page = (PAGES / "terraform.md").read_text("utf-8")
    (function,) = re.findall(r"^input\(\) \{.*?^END\n\}$", page, re.MULTILINE | re.DOTALL)
    shell = f"{function}\ninput {action} '{json.dumps(paths)}'"
    printed = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True).stdout
    asked = Configuration({**ASKED.variables, "paths": paths}).input
    assert json.loads(printed) == sent(action, asked, None)


def test_the_page_s_resource_is_the_configuration_s() -> None:
    """Its four arguments, in whatever layout."""
    page = (PAGES / "terraform.md").read_text("utf-8")
    shown = page.split("```hcl\n")[1].split("```")[0]
    for argument in ("function_name", "input", "lifecycle_scope"):
        (line,) = re.findall(rf"^ *{argument} += (.*)$", shown, re.MULTILINE)
        assert re.search(rf"^ *{argument} += {re.escape(line)}$", MAIN.read_text("utf-8"), re.MULTILINE), argument


def test_the_input_is_valid_and_its_life_is_terraform_s() -> None:
    """Without RequestType or an id, which are Terraform's to tell; and replaced where the origin changes."""
    resource = ASKED.resource
    validate(PERMISSION, resource["input"]["ResourceProperties"])
    assert resource["lifecycle_scope"] == "CRUD"
    assert resource["input"].keys() == {"StackId", "LogicalResourceId", "ResourceType", "ResourceProperties"}
    origin = {"origin": resource["input"]["StackId"], "logical_id": resource["input"]["LogicalResourceId"]}
    assert resource["triggers"] == origin


def test_every_variable_and_output_is_described() -> None:
    for kind in ("variable", "output"):
        for each in blocks(kind):
            assert all(one["description"].endswith(".") for one in each.values())


@dataclass
class Terraform:
    """Terraform's AWS provider with one resource of the example: what it invokes, with the input of before."""

    org: Organization
    workspace: str
    before: dict[str, Any] | None = None

    def does(self, action: str, **variables: Any) -> dict[str, Any]:
        """Create, update or delete; the answer, or the function's error."""
        asked = Configuration(variables, self.workspace).input if variables else self.before
        assert asked is not None
        payload = json.dumps(sent(action, asked, self.before))
        # As in Terraform, what was asked is remembered, whatever came of it.
        self.before = asked
        answer = self.org.cloud.client("lambda", "consumer").invoke(
            FunctionName="cross-account-permission", Qualifier="$LATEST", Payload=payload
        )
        found: dict[str, Any] = json.loads(answer["Payload"].read())
        return found


@dataclass(frozen=True)
class Shop:
    """A published REST API of the owner's."""

    org: Organization
    api: str
    target: str

    def paths(self) -> dict[str, set[str]]:
        """Which paths the API's policy opens, by role."""
        found = self.org.cloud.client("apigateway", "owner").get_rest_api(restApiId=self.api).get("policy")
        opened: dict[str, set[str]] = {}
        for one in json.loads(json.loads(f'"{found}"'))["Statement"] if found else []:
            resources = [one["Resource"]] if isinstance(one["Resource"], str) else one["Resource"]
            roles = one["Condition"]["ArnEquals"]["aws:PrincipalArn"]
            for role in [roles] if isinstance(roles, str) else roles:
                opened.setdefault(role, set()).update(each.partition("/prod/")[2] for each in resources)
        return opened


@pytest.fixture
def shop(org: Organization) -> Shop:
    name = a_name("shop")
    made = org.deploy("owner", name, REST_API, Name=name, Accounts=CONSUMER)
    return Shop(org, made["ApiId"], made["Name"])


@pytest.fixture
def terraform(org: Organization) -> Terraform:
    return Terraform(org, a_name("w"))


def test_a_resource_lives_and_dies_with_its_permission(shop: Shop, terraform: Terraform) -> None:
    """Created, changed, refused, changed back, destroyed."""
    asked = {"target": shop.target, "principals": [JOB]}
    made = terraform.does("create", **asked)
    assert (made["Status"], made["Data"]["DeploymentStatus"]) == ("SUCCESS", "Deployed")
    assert shop.paths() == {JOB: {"GET/orders"}}
    changed = terraform.does("update", **asked, paths=["/orders/*"])
    assert changed["PhysicalResourceId"] != made["PhysicalResourceId"]
    assert shop.paths() == {JOB: {"GET/orders/*"}}
    refused = terraform.does("update", **asked, paths=["orders"])
    assert refused["errorType"] == "RequestFailed"
    assert "Paths[0]" in refused["errorMessage"]
    assert shop.paths() == {JOB: {"GET/orders/*"}}
    assert terraform.does("update", **asked)["PhysicalResourceId"] == made["PhysicalResourceId"]
    assert terraform.does("update", **asked | {"target": "333333333333/nowhere"})["errorType"] == "RequestFailed"
    assert shop.paths() == {JOB: {"GET/orders"}}
    assert terraform.does("delete")["Status"] == "SUCCESS"
    assert shop.paths() == {}


def test_a_replaced_resource_is_given_up_and_asked_for_at_once(shop: Shop, terraform: Terraform) -> None:
    """As `-replace` does, twice in a row: no creation is taken for one that its destruction has cancelled."""
    asked = {"target": shop.target, "principals": [JOB]}
    terraform.does("create", **asked)
    for _ in range(2):
        assert terraform.does("delete")["Status"] == "SUCCESS"
        terraform.before = None
        assert terraform.does("create", **asked)["Status"] == "SUCCESS"
    assert shop.paths() == {JOB: {"GET/orders"}}
    terraform.does("delete")


def test_workspaces_and_stacks_leave_each_other_s_alone(org: Organization, shop: Shop, stack: str) -> None:
    """All ask the same; each goes by itself."""
    one, two = Terraform(org, a_name("w")), Terraform(org, a_name("w"))
    wish = {"Target": shop.target, "GrantType": "ExecuteApi", "Methods": "GET", "Paths": "/orders"}
    org.deploy("consumer", stack, WISH, **wish, Principals=JOB)
    for each in (one, two):
        each.does("create", target=shop.target, principals=[JOB])
    one.does("delete")
    assert shop.paths() == {JOB: {"GET/orders"}}
    org.delete("consumer", stack)
    assert shop.paths() == {JOB: {"GET/orders"}}
    two.does("delete")
    assert shop.paths() == {}


def test_nothing_in_the_configuration_names_a_partition_or_an_account() -> None:
    """It works in any, as the templates do."""
    text = (ROOT / MAIN).read_text("utf-8")
    literal = [
        line for line in text.splitlines() if re.search(r"arn:aws|=.*\b[0-9]{12}\b", line) and "description" not in line
    ]
    assert literal == []
