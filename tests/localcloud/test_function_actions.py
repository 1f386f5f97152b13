"""Which IAM action a call about a function is."""

from collections.abc import Callable

from identities import allow, refused, someone

from provider.localcloud import LocalCloud


def test_reading_an_alias_is_an_action_of_its_own(cloud: LocalCloud, make_function: Callable[..., str]) -> None:
    """Who may read one alias may not list them, and who may list them may not read, change or delete one."""
    name = make_function("def handler(event, context): return None", "owner").rsplit(":", 1)[-1]
    owner = cloud.client("lambda", "owner")
    version = owner.publish_version(FunctionName=name)["Version"]
    owner.create_alias(FunctionName=name, Name="live", FunctionVersion=version)
    reader = someone(cloud, "owner", allow("lambda:GetAlias")).client("lambda")
    assert reader.get_alias(FunctionName=name, Name="live")["FunctionVersion"] == version
    with refused("AccessDeniedException"):
        reader.list_aliases(FunctionName=name)
    with refused("AccessDeniedException"):
        reader.delete_alias(FunctionName=name, Name="live")
    lister = someone(cloud, "owner", allow("lambda:ListAliases")).client("lambda")
    lister.list_aliases(FunctionName=name)
    with refused("AccessDeniedException"):
        lister.get_alias(FunctionName=name, Name="live")
