"""Attacks with the auditor role on what it may look at: to change it, to read what lies in it, to look at something else."""

from typing import Any

from attack import GRANTS, Attack, constantly, items, naming
from attackers import PREFIX

AUDITOR = "auditor"
_CONTROLLER, _STACK = f"{PREFIX}-controller", f"{PREFIX}-central"
_ANOTHER_MAPPING = "0d1c0d1c-0d1c-4d1c-8d1c-0d1c0d1c0d1c"


def _on(what: str, service: str, operation: str, **arguments: Any) -> Attack:
    return Attack(what, AUDITOR, service, operation, constantly(**arguments))


def _on_the(thing: str, key: str, what: str, service: str, operation: str, **more: Any) -> Attack:
    return Attack(what, AUDITOR, service, operation, naming(key, thing, **more))


WITH_A_LOOK = (
    _on("deletes the stack", "cloudformation", "delete_stack", StackName=_STACK),
    _on("looks at another stack", "cloudformation", "describe_stacks", StackName=f"{PREFIX}-account-roles"),
    items("delete_table", GRANTS, "deletes the ledger", AUDITOR),
    items("describe_table", "bystander", "looks at another table", AUDITOR),
    _on(
        "stops the controller",
        "lambda",
        "put_function_concurrency",
        FunctionName=_CONTROLLER,
        ReservedConcurrentExecutions=0,
    ),
    _on("looks at another function", "lambda", "get_function_configuration", FunctionName=PREFIX),
    _on_the("mapping", "UUID", "deletes the mapping", "lambda", "delete_event_source_mapping"),
    _on("looks at another mapping", "lambda", "get_event_source_mapping", UUID=_ANOTHER_MAPPING),
    _on_the("schedule", "Name", "switches the schedule off", "events", "disable_rule"),
    _on_the("rule", "Name", "looks at another rule", "events", "describe_rule"),
    _on_the("dead letters", "QueueUrl", "takes dead letters", "sqs", "receive_message"),
    _on_the("queue", "QueueUrl", "looks at another queue", "sqs", "get_queue_attributes", AttributeNames=["All"]),
    _on(
        "takes a policy of the controller away", "iam", "delete_role_policy", RoleName=_CONTROLLER, PolicyName="Answer"
    ),
    _on("looks at another role", "iam", "get_role", RoleName=f"{PREFIX}-grantor"),
    _on("deletes an alarm", "cloudwatch", "delete_alarms", AlarmNames=[f"{PREFIX}-orphans"]),
    _on_the("bucket", "Bucket", "takes the bucket's policy away", "s3", "delete_bucket_policy"),
    _on("looks at another bucket", "s3", "get_bucket_policy", Bucket="bystander"),
)
