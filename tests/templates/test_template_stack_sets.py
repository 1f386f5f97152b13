"""organization.yaml: roles before functions, for who comes later too, and nothing is taken from who leaves."""

from typing import Any

from template_documents import load, resolved

STACK_SETS = {"RolesStackSet": "account-roles.yaml", "ProviderStackSet": "account-provider.yaml"}


def properties(logical_id: str) -> dict[str, Any]:
    """The properties of a StackSet as deployed."""
    found: dict[str, Any] = resolved("organization.yaml")[logical_id]["Properties"]
    return found


def test_accounts_that_come_later_get_both_by_themselves_and_accounts_that_leave_keep_them() -> None:
    """Service-managed StackSets alone can do that; a provider that went would leave stacks that nobody could delete."""
    for name in STACK_SETS:
        assert properties(name)["PermissionModel"] == "SERVICE_MANAGED"
        deployment = properties(name)["AutoDeployment"]
        assert (deployment["Enabled"], deployment["RetainStacksOnAccountRemoval"]) == (True, True)


def test_functions_wait_for_roles_at_first_and_whenever_an_account_comes_later() -> None:
    """The reference orders the StackSets themselves, AutoDeployment's DependsOn their later deployments."""
    [awaited] = properties("ProviderStackSet")["AutoDeployment"]["DependsOn"]
    assert awaited.endswith(":stackset/<RolesStackSet>")
    assert "DependsOn" not in properties("RolesStackSet")["AutoDeployment"]


def test_roles_stand_once_and_functions_in_every_region() -> None:
    """A role with a fixed name can be created once per account."""
    regions = {name: [one["Regions"] for one in properties(name)["StackInstancesGroup"]] for name in STACK_SETS}
    assert regions == {"RolesStackSet": [["us-east-1"]], "ProviderStackSet": [["us-east-1", "eu-west-1"]]}
    for name in STACK_SETS:
        [group] = properties(name)["StackInstancesGroup"]
        assert group["DeploymentTargets"] == {"OrganizationalUnitIds": ["ou-ab12-cdefgh34"]}


def test_what_each_template_needs_is_handed_on_and_nothing_that_it_does_not_know() -> None:
    """A parameter without a default that nobody gives would fail in every account at once."""
    for name, template in STACK_SETS.items():
        known = load(template)["Parameters"]
        given = {one["ParameterKey"] for one in properties(name)["Parameters"]}
        assert {key for key, one in known.items() if "Default" not in one} <= given <= set(known)


def test_what_is_handed_on_is_constrained_as_where_it_is_used() -> None:
    """So that a wrong value is refused here, once, and not in every account."""
    ours = load("organization.yaml")["Parameters"]
    for template in STACK_SETS.values():
        for key, theirs in load(template)["Parameters"].items():
            if key in ours:
                constraints = ("AllowedPattern", "AllowedValues", "Default")
                assert [ours[key].get(one) for one in constraints] == [theirs.get(one) for one in constraints], key


def test_one_account_that_fails_holds_up_no_other() -> None:
    """Among thousands there is always one with a role of that name."""
    for name in STACK_SETS:
        assert properties(name)["OperationPreferences"]["FailureTolerancePercentage"] == 100
