"""The organization that the cloud's accounts form."""

from identities import refused

from provider.localcloud import LocalCloud


def test_every_member_sees_the_organization(cloud: LocalCloud) -> None:
    """A member describes the organization; who is outside has none."""
    for member in ("consumer", "owner"):
        found = cloud.client("organizations", member).describe_organization()["Organization"]
        assert (found["Id"], found["MasterAccountId"]) == ("o-localcloud", "111111111111")
    with refused("AWSOrganizationsNotInUseException"):
        cloud.client("organizations", "stranger").describe_organization()


def test_only_the_management_account_lists_accounts(cloud: LocalCloud) -> None:
    """The management account, the first that the cloud was told, knows the members."""
    organizations = cloud.client("organizations", "consumer")
    accounts = organizations.list_accounts()["Accounts"]
    names = {"consumer": "111111111111", "central": "222222222222", "owner": "333333333333", "intruder": "444444444444"}
    assert {one["Name"]: one["Id"] for one in accounts} == names
    assert organizations.describe_account(AccountId="333333333333")["Account"]["Name"] == "owner"
    assert [root["Id"] for root in organizations.list_roots()["Roots"]] == ["r-root"]
    with refused("AccessDeniedException"):
        cloud.client("organizations", "owner").list_accounts()


def test_a_closed_account_is_suspended_and_an_unknown_one_not_found(cloud: LocalCloud) -> None:
    """Of a cloud's own account, which nobody else uses."""
    organizations = cloud.client("organizations", "consumer")
    assert organizations.describe_account(AccountId="444444444444")["Account"]["State"] == "ACTIVE"
    organizations.close_account(AccountId="444444444444")
    found = organizations.describe_account(AccountId="444444444444")["Account"]
    assert (found["State"], found["Status"]) == ("SUSPENDED", "SUSPENDED")
    with refused("AccountNotFoundException"):
        organizations.describe_account(AccountId="999999999999")


def test_an_account_is_told_with_its_path(cloud: LocalCloud) -> None:
    """Over all units up to the root, and anew when it is moved."""
    organizations = cloud.client("organizations", "consumer")
    account, root = "222222222222", "r-root"

    def paths() -> list[str]:
        found: list[str] = organizations.describe_account(AccountId=account)["Account"]["Paths"]
        return found

    assert paths() == [f"o-localcloud/{root}/{account}/"]
    upper = organizations.create_organizational_unit(ParentId=root, Name="bank")["OrganizationalUnit"]["Id"]
    lower = organizations.create_organizational_unit(ParentId=upper, Name="payments")["OrganizationalUnit"]["Id"]
    organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=lower)
    assert paths() == [f"o-localcloud/{root}/{upper}/{lower}/{account}/"]
    organizations.move_account(AccountId=account, SourceParentId=lower, DestinationParentId=root)
    assert paths() == [f"o-localcloud/{root}/{account}/"]
