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


def test_reading_a_mapping_is_an_action_of_its_own(cloud: LocalCloud) -> None:
    """On that mapping; who may list them may not read one, nor change or delete it."""
    uuid = "0d1c0d1c-0d1c-4d1c-8d1c-0d1c0d1c0d1c"
    one = f"arn:aws:lambda:us-east-1:333333333333:event-source-mapping:{uuid}"
    reader = someone(cloud, "owner", allow("lambda:GetEventSourceMapping", one)).client("lambda")
    with refused("ResourceNotFoundException"):
        reader.get_event_source_mapping(UUID=uuid)
    for call in (reader.delete_event_source_mapping, reader.update_event_source_mapping):
        with refused("AccessDeniedException"):
            call(UUID=uuid)
    with refused("AccessDeniedException"):
        reader.get_event_source_mapping(UUID=uuid.replace("0d", "1d"))
    lister = someone(cloud, "owner", allow("lambda:ListEventSourceMappings")).client("lambda")
    with refused("AccessDeniedException"):
        lister.get_event_source_mapping(UUID=uuid)


def test_reading_a_setting_is_an_action_of_its_own(cloud: LocalCloud, make_function: Callable[..., str]) -> None:
    """Who may read a function's concurrency and code signing may not change them."""
    name = make_function("def handler(event, context): return None", "owner").rsplit(":", 1)[-1]
    reading = ["lambda:GetFunctionConcurrency", "lambda:GetFunctionCodeSigningConfig"]
    reader = someone(cloud, "owner", allow(reading)).client("lambda")
    assert "ReservedConcurrentExecutions" not in reader.get_function_concurrency(FunctionName=name)
    reader.get_function_code_signing_config(FunctionName=name)
    with refused("AccessDeniedException"):
        reader.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    with refused("AccessDeniedException"):
        reader.delete_function_concurrency(FunctionName=name)
    with refused("AccessDeniedException"):
        reader.delete_function_code_signing_config(FunctionName=name)
