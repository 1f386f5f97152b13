"""What the four templates create, beyond their policies: tables, bucket, functions and what wakes them."""

import json
from typing import Any

import pytest
from template_documents import CENTRAL, PARTS, load, outputs, resolved

from provider.controller.account_index import SHOWN

TABLES = {"RequestsTable": "requests", "AnswersTable": "answers", "GrantsTable": "grants"}


def central(logical_id: str, **given: str) -> dict[str, Any]:
    """The properties of a resource of central.yaml."""
    properties: dict[str, Any] = resolved("central.yaml", **given)[logical_id]["Properties"]
    return properties


@pytest.mark.parametrize(("logical_id", "name"), TABLES.items())
def test_a_table_outlives_mistakes(logical_id: str, name: str) -> None:
    """It is retained, protected from deletion, recoverable to a point in time, and paid by use."""
    resource = load("central.yaml")["Resources"][logical_id]
    properties = central(logical_id)
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert properties["TableName"] == f"cross-account-permission-{name}"
    assert properties["DeletionProtectionEnabled"] is True
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("logical_id", TABLES)
def test_a_table_takes_the_key_it_is_given(logical_id: str) -> None:
    """Without one DynamoDB encrypts with its own; nothing is asked of KMS."""
    arn = "arn:aws:kms:us-east-1:222222222222:key/1"
    assert "SSESpecification" not in central(logical_id)
    assert central(logical_id, KmsKeyArn=arn)["SSESpecification"] == {
        "SSEEnabled": True,
        "SSEType": "KMS",
        "KMSMasterKeyId": arn,
    }


@pytest.mark.parametrize(
    ("logical_id", "keys"),
    [
        ("RequestsTable", [("account", "HASH", "S"), ("request", "RANGE", "S")]),
        ("AnswersTable", [("account", "HASH", "S"), ("request", "RANGE", "S")]),
        ("GrantsTable", [("pk", "HASH", "S"), ("sk", "RANGE", "S")]),
    ],
)
def test_a_table_has_its_keys(logical_id: str, keys: list[tuple[str, str, str]]) -> None:
    """Requests and answers are led by the account, which is what the request role is held to."""
    properties = central(logical_id)
    types = {a["AttributeName"]: a["AttributeType"] for a in properties["AttributeDefinitions"]}
    assert [(k["AttributeName"], k["KeyType"], types[k["AttributeName"]]) for k in properties["KeySchema"]] == keys


def test_only_new_requests_travel_through_a_stream() -> None:
    """The requests' stream carries the new image, which the provider wrote; the others have none."""
    streams = {name: central(name).get("StreamSpecification") for name in TABLES}
    assert streams == {"RequestsTable": {"StreamViewType": "NEW_IMAGE"}, "AnswersTable": None, "GrantsTable": None}


def test_answers_and_history_expire_and_requests_do_not() -> None:
    """An unanswered request must not vanish by itself."""
    lives = {name: central(name).get("TimeToLiveSpecification") for name in TABLES}
    expiring = {"AttributeName": "expires", "Enabled": True}
    assert lives == {"RequestsTable": None, "AnswersTable": expiring, "GrantsTable": expiring}


def test_what_is_due_is_found_by_its_index() -> None:
    """The schedule asks each shard for what has come due; the index holds keys alone."""
    assert index("due") == (["dueShard:HASH:S", "dueAt:RANGE:N"], {"ProjectionType": "KEYS_ONLY"})


def test_an_account_finds_what_it_asked_for_by_its_index() -> None:
    """By an attribute that the records always had; it holds what is shown, as the code names it."""
    shown = {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(SHOWN)}
    assert index("account") == (["account:HASH:S", "pk:RANGE:S"], shown)


def index(name: str) -> tuple[list[str], Any]:
    """The keys of an index of the ledger, and what it holds besides."""
    properties = central("GrantsTable")
    types = {a["AttributeName"]: a["AttributeType"] for a in properties["AttributeDefinitions"]}
    [found] = [one for one in properties["GlobalSecondaryIndexes"] if one["IndexName"] == name]
    keys = [f"{k['AttributeName']}:{k['KeyType']}:{types[k['AttributeName']]}" for k in found["KeySchema"]]
    return keys, found["Projection"]


def test_the_controller_runs_the_zip_of_its_processor() -> None:
    """Code, processor, entry and environment are what the code expects."""
    for processor in ("arm64", "x86_64"):
        key = f"controller-{processor}-0123456789abcdef.zip"
        properties = central("ControllerFunction", ControllerKey=key)
        assert properties["Architectures"] == [processor]
        assert properties["Code"] == {"S3Bucket": f"cross-account-permission-{CENTRAL}-us-east-1", "S3Key": key}
    assert properties["FunctionName"] == "cross-account-permission-controller"
    assert properties["Handler"] == "provider.controller.entry.handler"
    assert (properties["Runtime"], properties["Timeout"], properties["MemorySize"]) == ("python3.13", 120, 512)
    assert properties["Role"] == "<ControllerRole.Arn>"
    assert properties["Environment"]["Variables"] == {
        "REQUESTS_TABLE": "cross-account-permission-requests",
        "ANSWERS_TABLE": "cross-account-permission-answers",
        "GRANTS_TABLE": "cross-account-permission-grants",
        "GRANTOR_ROLE": "cross-account-permission/cross-account-permission-grantor",
        "OBSERVER_ROLE": "cross-account-permission/cross-account-permission-observer",
        "ASK_ORGANIZATION": "false",
    }


def test_the_controller_shares_concurrency_unless_told() -> None:
    """No reservation by default: a small account has none to give."""
    assert "ReservedConcurrentExecutions" not in central("ControllerFunction")
    assert central("ControllerFunction", ControllerReservedConcurrency="5")["ReservedConcurrentExecutions"] == "5"


def test_a_new_request_wakes_the_controller_at_once() -> None:
    """By the stream, without a window, new items alone; what cannot be taken is set aside soon."""
    properties = central("RequestsEventSource")
    [pattern] = properties["FilterCriteria"]["Filters"]
    assert properties["EventSourceArn"] == "<RequestsTable.StreamArn>"
    assert properties["FunctionName"] == "cross-account-permission-controller"
    assert json.loads(pattern["Pattern"]) == {"eventName": ["INSERT"]}
    assert properties["StartingPosition"] == "TRIM_HORIZON"
    assert (properties["BatchSize"], properties["MaximumBatchingWindowInSeconds"]) == (100, 0)
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert properties["BisectBatchOnFunctionError"] is True
    assert 0 < properties["MaximumRetryAttempts"] <= 3
    assert properties["DestinationConfig"] == {"OnFailure": {"Destination": "<DeadLetterQueue.Arn>"}}


def test_a_dead_letter_waits_two_weeks() -> None:
    """As long as SQS keeps anything, encrypted, under a name that a command can find."""
    assert central("DeadLetterQueue") == {
        "QueueName": "cross-account-permission-dead-letters",
        "MessageRetentionPeriod": 14 * 24 * 3600,
        "SqsManagedSseEnabled": True,
    }


def test_the_queue_takes_the_tables_key() -> None:
    """One kind of encryption at a time: SQS refuses a queue that asks for both."""
    arn = "arn:aws:kms:us-east-1:222222222222:key/1"
    queue = central("DeadLetterQueue", KmsKeyArn=arn)
    assert queue["KmsMasterKeyId"] == arn
    assert "SqsManagedSseEnabled" not in queue


@pytest.mark.parametrize(
    ("name", "function", "log_group"),
    [
        ("central.yaml", "ControllerFunction", "ControllerLogGroup"),
        ("account-provider.yaml", "ProviderFunction", "ProviderLogGroup"),
    ],
)
def test_a_log_takes_a_key_and_a_function_a_code_signing_configuration(
    name: str, function: str, log_group: str
) -> None:
    """Where they are given, and not otherwise."""
    key = "arn:aws:kms:us-east-1:222222222222:key/1"
    signing = "arn:aws:lambda:us-east-1:222222222222:code-signing-config:csc-0123456789abcdef0"
    plain, given = resolved(name), resolved(name, LogKmsKeyArn=key, CodeSigningConfigArn=signing)
    assert "KmsKeyId" not in plain[log_group]["Properties"]
    assert "CodeSigningConfigArn" not in plain[function]["Properties"]
    assert given[log_group]["Properties"]["KmsKeyId"] == key
    assert given[function]["Properties"]["CodeSigningConfigArn"] == signing


def test_a_missed_event_waits_a_minute_at_most() -> None:
    """The schedule invokes the controller every minute, by a permission for that rule alone."""
    rule, permission = central("Schedule"), central("SchedulePermission")
    [target] = rule["Targets"]
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")
    assert target["Arn"] == "<ControllerFunction.Arn>"
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}
    assert permission == {
        "FunctionName": "cross-account-permission-controller",
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceArn": "<Schedule.Arn>",
    }


def test_the_provider_runs_the_shared_zip_of_its_region() -> None:
    """Name, role and environment are fixed by form, so that no account needs to be told another's outputs."""
    given = {"AWS::AccountId": "111111111111", "AWS::Region": "eu-west-1"}
    properties = resolved("account-provider.yaml", **given)["ProviderFunction"]["Properties"]
    assert properties["FunctionName"] == "cross-account-permission"
    assert properties["Handler"] == "provider.function.entry.handler"
    assert (properties["Runtime"], properties["Timeout"], properties["MemorySize"]) == ("python3.13", 120, 256)
    assert properties["Architectures"] == ["arm64"]
    role = "role/cross-account-permission/cross-account-permission"
    assert properties["Role"] == f"arn:aws-test:iam::111111111111:{role}-provider"
    assert properties["Code"] == {
        "S3Bucket": f"cross-account-permission-{CENTRAL}-eu-west-1",
        "S3Key": "provider-0123456789abcdef.zip",
    }
    assert properties["Environment"]["Variables"] == {
        "REQUEST_ROLE_ARN": f"arn:aws-test:iam::{CENTRAL}:{role}-request",
        "HOME_REGION": "us-east-1",
        "REQUESTS_TABLE": "cross-account-permission-requests",
        "ANSWERS_TABLE": "cross-account-permission-answers",
    }


@pytest.mark.parametrize(
    ("name", "function", "log_group"),
    [
        ("central.yaml", "ControllerFunction", "ControllerLogGroup"),
        ("account-provider.yaml", "ProviderFunction", "ProviderLogGroup"),
    ],
)
def test_a_function_waits_for_its_log_group(name: str, function: str, log_group: str) -> None:
    """Its role may not make one, so the stated retention is the one that holds."""
    resources = resolved(name, LogRetentionDays="30")
    properties = resources[log_group]["Properties"]
    assert resources[function]["DependsOn"] == log_group
    assert properties["LogGroupName"] == f"/aws/lambda/{resources[function]['Properties']['FunctionName']}"
    assert properties["RetentionInDays"] == "30"


def test_the_bucket_is_private_and_kept() -> None:
    """One owner, no ACLs, no public access, encrypted without a key that readers would need."""
    resources = resolved("artifacts.yaml")
    for resource in resources.values():
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    properties = resources["ArtifactBucket"]["Properties"]
    assert resources["ArtifactBucketPolicy"]["Properties"]["Bucket"] == properties["BucketName"]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["BucketName"] == f"cross-account-permission-{CENTRAL}-us-east-1"
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    [rule] = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


@pytest.mark.parametrize("name", PARTS)
def test_what_can_hold_data_says_what_becomes_of_it(name: str) -> None:
    """Tables, buckets, queues and logs are kept or deleted on purpose."""
    holding = {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::Logs::LogGroup"}
    silent = [
        logical_id
        for logical_id, resource in load(name)["Resources"].items()
        if resource["Type"] in holding and not {"DeletionPolicy", "UpdateReplacePolicy"} <= resource.keys()
    ]
    assert silent == []


def test_the_guard_of_a_provider_is_made_last_and_so_deleted_first() -> None:
    """CloudFormation deletes in the reverse order; nothing of the stack comes after the guard, and it needs the function."""
    template = load("account-provider.yaml")["Resources"]
    assert template["Guard"]["Type"] == "Custom::CrossAccountGuard"
    assert template["Guard"]["Properties"]["ServiceToken"] == {"Fn::GetAtt": ["ProviderFunction", "Arn"]}
    assert [one for one in template.values() if "Guard" in str(one.get("DependsOn", ""))] == []
    assert resolved("account-provider.yaml")["Guard"]["Properties"]["AllowDeletionWithGrants"] == "false"


RETENTIONS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]


@pytest.mark.parametrize(
    ("name", "parameter", "values"),
    [
        ("central.yaml", "LogRetentionDays", RETENTIONS),
        ("account-provider.yaml", "LogRetentionDays", RETENTIONS),
        ("organization.yaml", "LogRetentionDays", RETENTIONS),
        ("account-provider.yaml", "Architecture", ["arm64", "x86_64"]),
        ("account-provider.yaml", "AllowDeletionWithGrants", ["true", "false"]),
        ("account-roles.yaml", "AliasTargetsConsent", ["Tag", "Publication"]),
    ],
)
def test_a_choice_offers_all_there_is(name: str, parameter: str, values: list[object]) -> None:
    """What CloudWatch Logs and Lambda know, and both ways of consent; the default is one of them."""
    declared = load(name)["Parameters"][parameter]
    assert declared["AllowedValues"] == values
    assert declared["Default"] in values


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("artifacts.yaml", {"ArtifactBucketName": f"cross-account-permission-{CENTRAL}-us-east-1"}),
        (
            "central.yaml",
            {
                "CentralAccountId": CENTRAL,
                "HomeRegion": "us-east-1",
                "RequestRoleArn": "<RequestRole.Arn>",
                "ReaderRoleArn": "<ReaderRole.Arn>",
                "AuditorRoleArn": "<AuditorRole.Arn>",
                "ControllerRoleArn": "<ControllerRole.Arn>",
                "ControllerFunctionArn": "<ControllerFunction.Arn>",
                "RequestsTableName": "cross-account-permission-requests",
                "AnswersTableName": "cross-account-permission-answers",
                "GrantsTableName": "cross-account-permission-grants",
                "DeadLetterQueueUrl": "<DeadLetterQueue>",
            },
        ),
        (
            "account-roles.yaml",
            {
                "ProviderRoleArn": "<ProviderRole.Arn>",
                "GrantorRoleArn": "<GrantorRole.Arn>",
                "ObserverRoleArn": "<ObserverRole.Arn>",
                "ViewerRoleArn": "<ViewerRole.Arn>",
            },
        ),
        ("account-provider.yaml", {"FunctionArn": "<ProviderFunction.Arn>"}),
    ],
)
def test_the_outputs_say_what_was_made(name: str, values: dict[str, str]) -> None:
    """Each output is what its name says."""
    assert outputs(name) == values
