"""Ways to break a rolled-out centre, each mended again, by the kind of fault and the part that it is about."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from identities import allow, policy
from kept_session import KeptSession
from rolled_out import ROOT

from provider.cli.checkups.tables import read_stream
from provider.localcloud import LocalCloud
from provider.rollout.stacks import Stack, deploy

CENTRAL, REGION = "222222222222", "us-east-1"
PREFIX = "cross-account-permission"
NAME, CONTROLLER, LETTERS = f"{PREFIX}-central", f"{PREFIX}-controller", f"{PREFIX}-dead-letters"
FUNCTION = f"function {CONTROLLER}"
BUCKET = f"{PREFIX}-{CENTRAL}-{REGION}"
TABLES = tuple(f"{PREFIX}-{name}" for name in ("requests", "answers", "grants"))
ROLES = tuple(f"{PREFIX}-{name}" for name in ("request", "reader", "auditor", "controller"))
ALARM = LETTERS
TOPIC = f"arn:aws:sns:{REGION}:{CENTRAL}:alarms"
TEMPLATE = (ROOT / "templates" / "central.yaml").read_text("utf-8")
OTHERS = {"AWS": "arn:aws:iam::444444444444:root"}


@dataclass(frozen=True)
class Centre:
    """The rolled-out centre; `auditor` is a session of its auditor role, `administrator` of who may everything."""

    cloud: LocalCloud
    auditor: KeptSession
    administrator: KeptSession

    def client(self, service: str) -> Any:
        """As the administrator of the central account."""
        return self.cloud.client(service, "central")

    def physical(self, logical_id: str) -> str:
        """The id of one of the stack's resources."""
        asked = {"StackName": NAME, "LogicalResourceId": logical_id}
        found = self.client("cloudformation").describe_stack_resource(**asked)["StackResourceDetail"]
        return str(found["PhysicalResourceId"])

    def key(self) -> str:
        """The key of the controller's zip."""
        described = self.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"][0]["Parameters"]
        return next(str(one["ParameterValue"]) for one in described if one["ParameterKey"] == "ControllerKey")

    def deploy(self, template: str = TEMPLATE, **parameters: str) -> None:
        """The central stack, anew."""
        deploy(self.client("cloudformation"), Stack(NAME, template, parameters, protected=True))


Steps = Iterator[KeptSession | None]
Break = Callable[[Centre], AbstractContextManager[KeptSession]]
BREAKS: dict[tuple[str, str, str], Break] = {}
"""By kind of fault and where it is; where one is made in several ways, by the way too."""
SERVICES = {
    "Alarm": {"cloudwatch"},
    "Bucket": {"s3"},
    "Centre": {"cloudformation"},
    "Dead": {"sqs"},
    "Drift": {"dynamodb"},
    "Function": {"lambda"},
    "Mapping": {"lambda"},
    "Queue": {"sqs"},
    "Role": {"iam"},
    "Schedule": {"events"},
    "Stack": {"cloudformation"},
    "Table": {"dynamodb"},
    "Zip": {"s3"},
}
"""What a fault changes the answers of, by how its kind begins."""


def _breaks(kind: str, where: str, way: str = "") -> Callable[[Callable[[Centre], Steps]], None]:
    def remember(broken: Callable[[Centre], Steps]) -> None:
        assert (kind, where, way) not in BREAKS
        BREAKS[kind, where, way] = _mended(kind, broken)

    return remember


def _mended(kind: str, broken: Callable[[Centre], Steps]) -> Break:
    """Gives the session that is to look, the auditor's unless `broken` yields one; what comes after `yield` is done in any case."""

    @contextmanager
    def mended(centre: Centre) -> Iterator[KeptSession]:
        steps = broken(centre)
        session = next(steps) or centre.auditor
        session.changed = next(services for start, services in SERVICES.items() if kind.startswith(start))
        try:
            yield session
        finally:
            session.changed = None
            next(steps, None)

    return mended


# --- what is not there, by asking for another name: what is deleted could not be mended ---------------


def _gone(kind: str, where: str, parameter: str, name: str | Callable[[Centre], str], way: str = "") -> None:
    """The command's calls about this name are made about another, which is not there, by who may ask about all."""

    @_breaks(kind, where, way)
    def _(centre: Centre) -> Steps:
        wanted = name if isinstance(name, str) else name(centre)
        instead = f"{wanted[:-1]}{'1' if wanted[-1] != '1' else '2'}"

        centre.administrator.renamed = (parameter, wanted, instead)
        yield centre.administrator
        centre.administrator.renamed = ("", "", "")


for _name in TABLES:
    _gone("TableMissing", f"table {_name}", "TableName", _name)
for _name in ROLES:
    _gone("RoleMissing", f"role {_name}", "RoleName", _name)
_gone("FunctionMissing", FUNCTION, "FunctionName", CONTROLLER)
_gone(
    "MappingMissing", "mapping of the requests' stream", "UUID", lambda centre: centre.physical("RequestsEventSource")
)
_gone("ScheduleMissing", "schedule", "Name", lambda centre: centre.physical("Schedule"))
_gone("QueueMissing", f"queue {LETTERS}", "QueueUrl", lambda centre: centre.physical("DeadLetterQueue"))
_gone("BucketMissing", f"bucket {BUCKET}", "Bucket", BUCKET)
_gone("CentreMissing", f"stack {NAME}", "StackName", NAME)


_gone("ZipMissing", f"bucket {BUCKET}", "Prefix", lambda centre: centre.key())
_gone("ZipMissing", f"bucket {BUCKET}", "Prefix", "provider-", "of the provider")


# --- the stack ---------------------------------------------------------------------------------------


@_breaks("StackUnprotected", f"stack {NAME}")
def _(centre: Centre) -> Steps:
    client = centre.client("cloudformation")
    client.update_termination_protection(StackName=NAME, EnableTerminationProtection=False)
    yield
    client.update_termination_protection(StackName=NAME, EnableTerminationProtection=True)


@_breaks("StackOutdated", f"stack {NAME}")
def _(centre: Centre) -> Steps:
    centre.deploy(TEMPLATE.replace('"title": "Dead letters"', '"title": "Letters"'))
    yield
    centre.deploy()


# --- tables ------------------------------------------------------------------------------------------


@_breaks("TableUnprotected", f"table {TABLES[0]}")
def _(centre: Centre) -> Steps:
    client = centre.client("dynamodb")
    client.update_table(TableName=TABLES[0], DeletionProtectionEnabled=False)
    yield
    client.update_table(TableName=TABLES[0], DeletionProtectionEnabled=True)


@_breaks("TableUnrecoverable", f"table {TABLES[2]}")
def _(centre: Centre) -> Steps:
    def recoverable(enabled: bool) -> None:
        centre.client("dynamodb").update_continuous_backups(
            TableName=TABLES[2], PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled}
        )

    recoverable(enabled=False)
    yield
    recoverable(enabled=True)


@_breaks("TableExpiry", f"table {TABLES[1]}")
def _(centre: Centre) -> Steps:
    def expiring(enabled: bool) -> None:
        specification = {"Enabled": enabled, "AttributeName": "expires"}
        centre.client("dynamodb").update_time_to_live(TableName=TABLES[1], TimeToLiveSpecification=specification)

    expiring(enabled=False)
    yield
    expiring(enabled=True)


@_breaks("TableInReach", f"table {TABLES[2]}")
def _(centre: Centre) -> Steps:
    client = centre.client("dynamodb")
    arn = client.describe_table(TableName=TABLES[2])["Table"]["TableArn"]
    client.put_resource_policy(ResourceArn=arn, Policy=policy(allow("dynamodb:GetItem", arn, Principal=OTHERS)))
    yield
    client.delete_resource_policy(ResourceArn=arn)


# --- what wakes the controller -----------------------------------------------------------------------


@_breaks("MappingDisabled", "mapping of the requests' stream")
def _(centre: Centre) -> Steps:
    client, uuid = centre.client("lambda"), centre.physical("RequestsEventSource")
    client.update_event_source_mapping(UUID=uuid, Enabled=False)
    yield
    client.update_event_source_mapping(UUID=uuid, Enabled=True)


@_breaks("MappingElsewhere", "mapping of the requests' stream")
def _(centre: Centre) -> Steps:
    client, uuid = centre.client("lambda"), centre.physical("RequestsEventSource")
    client.update_event_source_mapping(UUID=uuid, FunctionName=PREFIX)
    yield
    client.update_event_source_mapping(UUID=uuid, FunctionName=CONTROLLER)
    assert read_stream(centre.client("dynamodb"), "requests")


@_breaks("ScheduleDisabled", "schedule")
def _(centre: Centre) -> Steps:
    client, rule = centre.client("events"), centre.physical("Schedule")
    client.disable_rule(Name=rule)
    yield
    client.enable_rule(Name=rule)


@_breaks("ScheduleIdle", "schedule")
def _(centre: Centre) -> Steps:
    client, rule = centre.client("events"), centre.physical("Schedule")
    targets = client.list_targets_by_rule(Rule=rule)["Targets"]
    client.remove_targets(Rule=rule, Ids=[one["Id"] for one in targets])
    yield
    client.put_targets(Rule=rule, Targets=targets)


@_breaks("DeadLetters", f"queue {LETTERS}")
def _(centre: Centre) -> Steps:
    client = centre.client("sqs")
    url = client.get_queue_url(QueueName=LETTERS)["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="{}")
    yield
    client.purge_queue(QueueUrl=url)


@_breaks("QueueInReach", f"queue {LETTERS}")
def _(centre: Centre) -> Steps:
    client = centre.client("sqs")
    url = client.get_queue_url(QueueName=LETTERS)["QueueUrl"]
    shared = policy(allow("sqs:ReceiveMessage", "*", Principal=OTHERS))
    client.set_queue_attributes(QueueUrl=url, Attributes={"Policy": shared})
    yield
    client.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})


# --- the function ------------------------------------------------------------------------------------


@_breaks("FunctionRole", FUNCTION)
def _(centre: Centre) -> Steps:
    client = centre.client("lambda")
    before = client.get_function_configuration(FunctionName=CONTROLLER)["Role"]
    client.update_function_configuration(FunctionName=CONTROLLER, Role=before.replace("-controller", "-provider"))
    yield
    client.update_function_configuration(FunctionName=CONTROLLER, Role=before)


@_breaks("FunctionElsewhere", FUNCTION)
def _(centre: Centre) -> Steps:
    client = centre.client("lambda")
    before = client.get_function_configuration(FunctionName=CONTROLLER)["Environment"]
    changed = {"Variables": {**before["Variables"], "GRANTS_TABLE": "another"}}
    client.update_function_configuration(FunctionName=CONTROLLER, Environment=changed)
    yield
    client.update_function_configuration(FunctionName=CONTROLLER, Environment=before)


@_breaks("FunctionCode", FUNCTION)
def _(centre: Centre) -> Steps:
    client = centre.client("lambda")
    other = centre.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="provider-")["Contents"][0]["Key"]
    client.update_function_code(FunctionName=CONTROLLER, S3Bucket=BUCKET, S3Key=other)
    yield
    client.update_function_code(FunctionName=CONTROLLER, S3Bucket=BUCKET, S3Key=centre.key())


@_breaks("FunctionConcurrency", FUNCTION)
def _(centre: Centre) -> Steps:
    client = centre.client("lambda")
    client.put_function_concurrency(FunctionName=CONTROLLER, ReservedConcurrentExecutions=0)
    yield
    client.delete_function_concurrency(FunctionName=CONTROLLER)


@_breaks("FunctionInReach", FUNCTION)
def _(centre: Centre) -> Steps:
    client = centre.client("lambda")
    named = {"FunctionName": CONTROLLER, "StatementId": "others"}
    client.add_permission(**named, Action="lambda:InvokeFunction", Principal="444444444444")
    yield
    client.remove_permission(**named)


# --- roles -------------------------------------------------------------------------------------------


def _changed_trust(role: str, change: Callable[[list[dict[str, Any]]], object]) -> Callable[[Centre], Steps]:
    def broken(centre: Centre) -> Steps:
        iam = centre.client("iam")
        before = json.dumps(iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"])
        after = json.loads(before)
        change(after["Statement"])
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(after))
        yield
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=before)

    return broken


def _without_organization(statements: list[dict[str, Any]]) -> None:
    del statements[0]["Condition"]["StringEquals"]["aws:PrincipalOrgID"]


_breaks("RoleInReach", f"role {ROLES[0]}")(_changed_trust(ROLES[0], _without_organization))
for _name in ROLES[1:]:
    _lets_in = allow("sts:AssumeRole", Principal=OTHERS)
    _lets_in.pop("Resource")
    _breaks("RoleInReach", f"role {_name}")(_changed_trust(_name, lambda said, more=_lets_in: said.append(more)))
_breaks("RoleShut", f"role {ROLES[1]}")(_changed_trust(ROLES[1], lambda said: said.pop()))


@_breaks("RoleWidened", f"role {ROLES[0]}")
def _(centre: Centre) -> Steps:
    iam = centre.client("iam")
    iam.put_role_policy(RoleName=ROLES[0], PolicyName="Careless", PolicyDocument=policy(allow("s3:GetObject")))
    yield
    iam.delete_role_policy(RoleName=ROLES[0], PolicyName="Careless")


@_breaks("RoleWidened", f"role {ROLES[3]}")
def _(centre: Centre) -> Steps:
    iam = centre.client("iam")
    document = policy(allow("s3:GetObject"))
    arn = iam.create_policy(PolicyName="careless", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=ROLES[3], PolicyArn=arn)
    yield
    iam.detach_role_policy(RoleName=ROLES[3], PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)


@_breaks("RoleWidened", f"role {ROLES[1]}")
def _(centre: Centre) -> Steps:
    """By a condition less in a policy of the template's own name."""
    iam = centre.client("iam")
    named = {"RoleName": ROLES[1], "PolicyName": "ReadAsOneAccount"}
    before = iam.get_role_policy(**named)["PolicyDocument"]
    after = [{key: one for key, one in said.items() if key != "Condition"} for said in before["Statement"]]
    iam.put_role_policy(**named, PolicyDocument=policy(*after))
    yield
    iam.put_role_policy(**named, PolicyDocument=json.dumps(before))


@_breaks("RoleOutdated", f"role {ROLES[3]}")
def _(centre: Centre) -> Steps:
    iam, named = centre.client("iam"), {"RoleName": ROLES[3], "PolicyName": "Observe"}
    before = iam.get_role_policy(**named)["PolicyDocument"]
    iam.delete_role_policy(**named)
    yield
    iam.put_role_policy(**named, PolicyDocument=json.dumps(before))


@_breaks("RoleUnbounded", f"role {ROLES[3]}")
def _(centre: Centre) -> Steps:
    """By a boundary that the stack does not name; one less than it names is the same difference."""
    iam = centre.client("iam")
    arn = iam.create_policy(PolicyName="bounds", PolicyDocument=policy(allow("*")))["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=ROLES[3], PermissionsBoundary=arn)
    yield
    iam.delete_role_permissions_boundary(RoleName=ROLES[3])
    iam.delete_policy(PolicyArn=arn)


# --- alarms ------------------------------------------------------------------------------------------

_OF_AN_ALARM = frozenset(
    [
        "AlarmName",
        "AlarmDescription",
        "ActionsEnabled",
        "OKActions",
        "AlarmActions",
        "MetricName",
        "Namespace",
        "Statistic",
        "Dimensions",
        "Period",
        "EvaluationPeriods",
        "DatapointsToAlarm",
        "Threshold",
        "ComparisonOperator",
        "TreatMissingData",
    ]
)


@_breaks("AlarmMissing", f"alarm {ALARM}")
def _(centre: Centre) -> Steps:
    client = centre.client("cloudwatch")
    [before] = client.describe_alarms(AlarmNames=[ALARM])["MetricAlarms"]
    client.delete_alarms(AlarmNames=[ALARM])
    yield
    client.put_metric_alarm(**{key: one for key, one in before.items() if key in _OF_AN_ALARM})


@_breaks("AlarmSilent", f"alarm {ALARM}")
def _(centre: Centre) -> Steps:
    client = centre.client("cloudwatch")
    client.disable_alarm_actions(AlarmNames=[ALARM])
    yield
    client.enable_alarm_actions(AlarmNames=[ALARM])


@_breaks("AlarmRinging", f"alarm {ALARM}")
def _(centre: Centre) -> Steps:
    client = centre.client("cloudwatch")
    client.set_alarm_state(AlarmName=ALARM, StateValue="ALARM", StateReason="test")
    yield
    client.set_alarm_state(AlarmName=ALARM, StateValue="OK", StateReason="test")


# --- the artifact bucket -----------------------------------------------------------------------------


def _changed_bucket(change: Callable[[list[dict[str, Any]]], object]) -> Callable[[Centre], Steps]:
    def broken(centre: Centre) -> Steps:
        client = centre.client("s3")
        before = client.get_bucket_policy(Bucket=BUCKET)["Policy"]
        after: Mapping[str, Any] = json.loads(before)
        change(after["Statement"])
        client.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(after))
        yield
        client.put_bucket_policy(Bucket=BUCKET, Policy=before)

    return broken


_breaks("BucketInReach", f"bucket {BUCKET}")(
    _changed_bucket(lambda said: said.append(allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*", Principal=OTHERS)))
)
_breaks("BucketWeakened", f"bucket {BUCKET}")(_changed_bucket(lambda said: said.pop()))


@_breaks("BucketPublic", f"bucket {BUCKET}")
def _(centre: Centre) -> Steps:
    client = centre.client("s3")
    before = client.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    client.delete_public_access_block(Bucket=BUCKET)
    yield
    client.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=before)


@_breaks("BucketUnversioned", f"bucket {BUCKET}")
def _(centre: Centre) -> Steps:
    client = centre.client("s3")
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    yield
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


# --- the ledger --------------------------------------------------------------------------------------


@_breaks("Drift", f"table {TABLES[2]}")
def _(centre: Centre) -> Steps:
    """An account without an observer role, as the schedule's look finds it."""
    client, key = centre.client("dynamodb"), {"pk": {"S": "ACCOUNTS"}, "sk": {"S": "111111111111"}}
    times = {name: {"N": "1"} for name in ("lookedAt", "toldAt", "unobservedSince")}
    marks = {name: {"BOOL": False} for name in ("suspended", "accepted")}
    client.put_item(TableName=TABLES[2], Item={**key, **times, **marks})
    yield
    client.delete_item(TableName=TABLES[2], Key=key)
