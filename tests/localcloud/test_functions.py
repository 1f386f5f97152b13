"""Functions are really run, by AWS's runtime client, as AWS runs them."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from provider.localcloud import LocalCloud

Invoke = Callable[..., tuple[Any, str]]
Make = Callable[..., str]

WHO = """
import os, sys, boto3
def handler(event, context):
    sts = boto3.client("sts")
    return {
        "who": sts.get_caller_identity()["Arn"], "endpoint": sts.meta.endpoint_url, "region": os.environ["AWS_REGION"],
        "arn": context.invoked_function_arn, "left": context.get_remaining_time_in_millis(), "process": os.getpid(),
        "endpoints": [name for name in os.environ if "ENDPOINT" in name], "path": sys.path,
    }
"""


def test_a_function_runs_as_its_role_under_aws_host_names(make_function: Make, invoke: Invoke) -> None:
    """It sees AWS's own hosts and its role's session, named after the function."""
    arn = make_function(WHO, Timeout=7)
    name = arn.rsplit(":", 1)[-1]
    seen, error = invoke(arn)
    assert error == ""
    assert seen["who"] == f"arn:aws:sts::111111111111:assumed-role/{name}/{name}"
    assert seen["endpoint"] == "https://sts.us-east-1.amazonaws.com"
    assert (seen["arn"], seen["region"], seen["endpoints"]) == (arn, "us-east-1", [])
    assert 5000 < seen["left"] <= 7000


def test_a_function_sees_nothing_of_the_base(make_function: Make, invoke: Invoke) -> None:
    """What the managed runtime has not, a function cannot import."""
    arn = make_function("def handler(event, context):\n    import hypercorn")
    payload, error = invoke(arn)
    assert (error, payload["errorType"]) == ("Unhandled", "ModuleNotFoundError")


def test_an_environment_stays_warm(make_function: Make, invoke: Invoke) -> None:
    """The next invocation finds the same process."""
    arn = make_function(WHO)
    assert invoke(arn)[0]["process"] == invoke(arn)[0]["process"]


def test_new_code_is_run_at_once(cloud: LocalCloud, make_function: Make, invoke: Invoke, zipped: Any) -> None:
    """A warm environment does not outlive its code."""
    arn = make_function("def handler(event, context): return 1")
    assert invoke(arn)[0] == 1
    code = zipped("def handler(event, context): return 2")
    cloud.client("lambda", "consumer").update_function_code(FunctionName=arn, ZipFile=code)
    assert invoke(arn)[0] == 2


def test_concurrent_invocations_have_a_process_each(make_function: Make, invoke: Invoke) -> None:
    """One environment serves one event at a time."""
    arn = make_function("import os, time\ndef handler(event, context):\n    time.sleep(0.3)\n    return os.getpid()")
    seen: list[Any] = []
    threads = [threading.Thread(target=lambda: seen.append(invoke(arn)[0])) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 3


def test_an_exception_has_the_runtimes_own_type_message_and_trace(make_function: Make, invoke: Invoke) -> None:
    """Nothing is lost between the handler and the caller."""
    payload, error = invoke(make_function("def handler(event, context):\n    raise KeyError('gone')"))
    assert (error, payload["errorType"], payload["errorMessage"]) == ("Unhandled", "KeyError", "'gone'")
    assert "index.py" in payload["stackTrace"][0]


def test_a_module_that_cannot_be_imported_is_an_import_error(make_function: Make, invoke: Invoke) -> None:
    """A packaging error shows as on AWS."""
    payload, error = invoke(make_function("import nowhere\ndef handler(event, context): ..."))
    assert error == "Unhandled"
    assert payload["errorType"] == "Runtime.ImportModuleError"
    assert payload["errorMessage"] == "Unable to import module 'index': No module named 'nowhere'"


def test_a_function_is_killed_at_its_timeout(make_function: Make, invoke: Invoke) -> None:
    """It ends when its time is up, with AWS's words, and the next invocation works."""
    arn = make_function(
        "import time\ndef handler(event, context):\n    time.sleep(event.get('s', 0))\n    return 'ok'", Timeout=1
    )
    assert invoke(arn)[0] == "ok"
    started = time.monotonic()
    payload, error = invoke(arn, {"s": 30})
    assert time.monotonic() - started < 3
    assert (error, payload["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert payload["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert invoke(arn)[0] == "ok"


def test_a_function_that_exits_is_a_runtime_error(make_function: Make, invoke: Invoke) -> None:
    """A process that ends itself is told from a handler that fails."""
    payload, error = invoke(make_function("import os\ndef handler(event, context): os._exit(3)"))
    assert (error, payload["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert payload["errorMessage"].endswith("Error: Runtime exited with error: exit status 3")


def test_a_response_over_six_megabytes_is_refused(make_function: Make, invoke: Invoke) -> None:
    """AWS's limit of a synchronous response holds."""
    payload, error = invoke(make_function("def handler(event, context): return 'x' * 6300000"))
    assert (error, payload["errorType"]) == ("Unhandled", "Function.ResponseSizeTooLarge")


def test_only_python_is_run(make_function: Make, invoke: Invoke) -> None:
    """A function in another language can be deployed, but says clearly that it is not run."""
    payload, error = invoke(make_function("", Runtime="nodejs22.x"))
    assert error == "Unhandled"
    assert payload["errorType"] == "LocalCloud.UnsupportedRuntime"
    assert "nodejs22.x" in payload["errorMessage"]


@pytest.mark.parametrize(
    "target", ["https://example.com", "http://192.0.2.1/", "https://example.amazonaws.com.evil.org"]
)
def test_a_function_reaches_aws_alone(make_function: Make, invoke: Invoke, target: str) -> None:
    """No name and no address beyond AWS's can be reached from a function."""
    source = """
import socket, urllib.request
def handler(event, context):
    try:
        urllib.request.urlopen(event["target"], timeout=3)
    except OSError as error:
        return str(error)
"""
    assert "the local cloud knows AWS alone" in invoke(make_function(source), {"target": target})[0]


def test_a_connection_to_an_address_is_refused(make_function: Make, invoke: Invoke) -> None:
    """Going around the names does not help."""
    source = """
import socket
def handler(event, context):
    try:
        socket.socket().connect(("192.0.2.1", 443))
    except OSError as error:
        return str(error)
"""
    assert "the local cloud knows AWS alone" in invoke(make_function(source))[0]


def test_what_a_function_prints_is_in_its_log(cloud: LocalCloud, make_function: Make, invoke: Invoke) -> None:
    """CloudWatch Logs has it, and so has the cloud's keeper."""
    arn = make_function("def handler(event, context): print('a line of mine')", allowed="logs:*")
    invoke(arn)
    assert "a line of mine" in cloud.logs(arn)
    events = cloud.client("logs", "consumer").filter_log_events(logGroupName=f"/aws/lambda/{arn.rsplit(':', 1)[-1]}")
    assert "a line of mine" in [event["message"] for event in events["events"]]


def test_a_foreign_function_is_invoked_with_its_owners_leave(
    cloud: LocalCloud, make_function: Make, invoke: Invoke
) -> None:
    """Another account needs a statement in the function's policy, and then reaches it by its ARN."""
    arn = make_function("def handler(event, context): return 'served'", account="owner")
    with pytest.raises(ClientError) as refused:
        invoke(arn, account="consumer")
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    cloud.client("lambda", "owner").add_permission(
        FunctionName=arn, StatementId="consumer", Action="lambda:InvokeFunction", Principal="111111111111"
    )
    assert invoke(arn, account="consumer") == ("served", "")
    with pytest.raises(ClientError):
        invoke(arn, account="intruder")


def test_a_function_has_only_the_permissions_of_its_role(make_function: Make, invoke: Invoke) -> None:
    """What the role may not do is denied, what it may do works."""
    source = """
import boto3
def handler(event, context):
    return len(boto3.client("dynamodb").list_tables()["TableNames"])
"""
    payload, error = invoke(make_function(source))
    assert error == "Unhandled"
    assert "AccessDenied" in payload["errorMessage"]
    assert invoke(make_function(source, allowed="dynamodb:ListTables"))[1] == ""


def test_an_event_and_an_answer_pass_unchanged(make_function: Make, invoke: Invoke) -> None:
    """JSON of any kind goes in and comes out."""
    event = {"text": "ü€", "number": 1.5, "nothing": None, "list": [1, {"a": True}]}
    assert invoke(make_function("def handler(event, context): return event"), event)[0] == event
    assert json.dumps(event)


def test_a_tables_stream_wakes_a_function(cloud: LocalCloud, make_function: Make) -> None:
    """What is put into a table reaches the function that is mapped to its stream, within seconds."""
    arn = make_function(
        "def handler(event, context):\n    print('woken by', event['Records'][0]['dynamodb']['Keys']['pk']['S'])",
        allowed="dynamodb:*",
    )
    name, dynamodb = arn.rsplit(":", 1)[-1], cloud.client("dynamodb", "consumer")
    made = dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    cloud.client("lambda", "consumer").create_event_source_mapping(
        FunctionName=arn, EventSourceArn=made["TableDescription"]["LatestStreamArn"], StartingPosition="TRIM_HORIZON"
    )
    dynamodb.put_item(TableName=name, Item={"pk": {"S": "an item"}})
    end = time.monotonic() + 10
    while "woken by an item" not in cloud.logs(arn) and time.monotonic() < end:
        time.sleep(0.02)
    assert "woken by an item" in cloud.logs(arn)
