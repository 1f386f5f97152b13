"""What our roles and our bucket allow and refuse, statement by statement, and nothing besides.

The table is the whole of it: a statement, action, resource or condition more or less fails here, and whoever
changes one has to say so in the table too.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from template_documents import CENTRAL, ORGANIZATION, PARTS, resolved

AWS = "arn:aws-test"
PATH = "role/cross-account-permission/cross-account-permission"
PROVIDERS = f"{AWS}:iam::*:{PATH}-provider"
VIEWERS = f"{AWS}:iam::*:{PATH}-viewer"
BUCKET = f"{AWS}:s3:::cross-account-permission-{CENTRAL}-us-east-1"
FUNCTIONS = f"{AWS}:lambda:*:{CENTRAL}:function"
APIS = f"{AWS}:apigateway:*::"
ROLES = f"{AWS}:iam::{CENTRAL}:role"
TAGGED = {"StringEquals": {"aws:ResourceTag/CrossAccountPermission": "allowed"}}
OWN_KEY = {
    "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/account}"]},
    "Null": {"dynamodb:LeadingKeys": "false"},
}
OF_THE_ORGANIZATION = {"aws:PrincipalOrgID": ORGANIZATION}

# template, resource, Sid: effect, principal, actions, resources, condition
POWERS: dict[tuple[str, str, str], tuple[str, Any, list[str], list[str], Any]] = {
    ("artifacts.yaml", "ArtifactBucketPolicy", "OrganizationReadsWhatItDeploys"): (
        "Allow",
        "*",
        ["s3:GetObject"],
        [f"{BUCKET}/provider-*.zip", f"{BUCKET}/templates/*"],
        {"StringEquals": OF_THE_ORGANIZATION},
    ),
    ("artifacts.yaml", "ArtifactBucketPolicy", "NothingGoesOverPlainHttp"): (
        "Deny",
        "*",
        ["s3:*"],
        [BUCKET, f"{BUCKET}/*"],
        {"Bool": {"aws:SecureTransport": "false"}},
    ),
    ("artifacts.yaml", "ArtifactBucketPolicy", "NothingIsOverwritten"): (
        "Deny",
        "*",
        ["s3:PutObject"],
        [f"{BUCKET}/*"],
        {"Null": {"s3:if-none-match": "true"}},
    ),
    ("artifacts.yaml", "ArtifactBucketPolicy", "NothingIsDeleted"): (
        "Deny",
        "*",
        ["s3:DeleteObject", "s3:DeleteObjectVersion"],
        [f"{BUCKET}/*"],
        None,
    ),
    ("central.yaml", "RequestRole", "AnAccountAsksAsItself"): (
        "Allow",
        {"AWS": "*"},
        ["sts:AssumeRole"],
        [],
        {
            "StringEquals": {
                **OF_THE_ORGANIZATION,
                "aws:RequestTag/account": "${aws:PrincipalAccount}",
                "sts:RoleSessionName": "${aws:PrincipalAccount}",
            },
            "ArnLike": {"aws:PrincipalArn": PROVIDERS},
        },
    ),
    ("central.yaml", "RequestRole", "TheAccountIsTheOnlyTag"): (
        "Allow",
        {"AWS": "*"},
        ["sts:TagSession"],
        [],
        {
            "StringEquals": OF_THE_ORGANIZATION,
            "ArnLike": {"aws:PrincipalArn": PROVIDERS},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["account"]},
            "Null": {"aws:TagKeys": "false", "sts:TransitiveTagKeys": "true"},
        },
    ),
    ("central.yaml", "RequestRole", "FileRequestsOfTheAccount"): (
        "Allow",
        None,
        ["dynamodb:PutItem"],
        ["<RequestsTable.Arn>"],
        OWN_KEY,
    ),
    ("central.yaml", "RequestRole", "ReadAnswersToTheAccount"): (
        "Allow",
        None,
        ["dynamodb:GetItem"],
        ["<AnswersTable.Arn>"],
        OWN_KEY,
    ),
    ("central.yaml", "ReaderRole", "AnAccountReadsAsItself"): (
        "Allow",
        {"AWS": "*"},
        ["sts:AssumeRole"],
        [],
        {
            "StringEquals": {**OF_THE_ORGANIZATION, "aws:RequestTag/account": "${aws:PrincipalAccount}"},
            "ArnLike": {"aws:PrincipalArn": VIEWERS},
        },
    ),
    ("central.yaml", "ReaderRole", "TheReadersAccountIsTheOnlyTag"): (
        "Allow",
        {"AWS": "*"},
        ["sts:TagSession"],
        [],
        {
            "StringEquals": OF_THE_ORGANIZATION,
            "ArnLike": {"aws:PrincipalArn": VIEWERS},
            "ForAllValues:StringEquals": {"aws:TagKeys": ["account"]},
            "Null": {"aws:TagKeys": "false", "sts:TransitiveTagKeys": "true"},
        },
    ),
    ("central.yaml", "ReaderRole", "ReadWhatTheAccountOwnsAndHolds"): (
        "Allow",
        None,
        ["dynamodb:Query"],
        ["<GrantsTable.Arn>", "<GrantsTable.Arn>/index/account"],
        {
            "ForAllValues:StringLike": {
                "dynamodb:LeadingKeys": ["${aws:PrincipalTag/account}", "TARGET#${aws:PrincipalTag/account}#*"]
            },
            "Null": {"dynamodb:LeadingKeys": "false"},
        },
    ),
    ("central.yaml", "AuditorRole", "TheCentralAccountAppointsAuditors"): (
        "Allow",
        {"AWS": f"{AWS}:iam::{CENTRAL}:root"},
        ["sts:AssumeRole"],
        [],
        None,
    ),
    ("central.yaml", "AuditorRole", "ReadTheLedger"): (
        "Allow",
        None,
        ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"],
        ["<GrantsTable.Arn>", "<GrantsTable.Arn>/index/due"],
        None,
    ),
    ("central.yaml", "AuditorRole", "SeeTheStack"): (
        "Allow",
        None,
        ["cloudformation:DescribeStackResources", "cloudformation:DescribeStacks", "cloudformation:GetTemplate"],
        [f"{AWS}:cloudformation:us-east-1:{CENTRAL}:stack/stack/*"],
        None,
    ),
    ("central.yaml", "AuditorRole", "SeeTheTables"): (
        "Allow",
        None,
        [
            "dynamodb:DescribeContinuousBackups",
            "dynamodb:DescribeTable",
            "dynamodb:DescribeTimeToLive",
            "dynamodb:GetResourcePolicy",
        ],
        ["<RequestsTable.Arn>", "<AnswersTable.Arn>", "<GrantsTable.Arn>"],
        None,
    ),
    ("central.yaml", "AuditorRole", "SeeTheController"): (
        "Allow",
        None,
        [
            "lambda:GetFunctionCodeSigningConfig",
            "lambda:GetFunctionConcurrency",
            "lambda:GetFunctionConfiguration",
            "lambda:GetPolicy",
        ],
        ["<ControllerFunction.Arn>"],
        None,
    ),
    ("central.yaml", "AuditorRole", "SeeTheMapping"): (
        "Allow",
        None,
        ["lambda:GetEventSourceMapping"],
        [f"{AWS}:lambda:us-east-1:{CENTRAL}:event-source-mapping:<RequestsEventSource>"],
        None,
    ),
    ("central.yaml", "AuditorRole", "SeeTheSchedule"): (
        "Allow",
        None,
        ["events:DescribeRule", "events:ListTargetsByRule"],
        ["<Schedule.Arn>"],
        None,
    ),
    ("central.yaml", "AuditorRole", "SeeTheQueue"): (
        "Allow",
        None,
        ["sqs:GetQueueAttributes"],
        ["<DeadLetterQueue.Arn>"],
        None,
    ),
    ("central.yaml", "AuditorRole", "SeeTheRoles"): (
        "Allow",
        None,
        ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"],
        [f"{AWS}:iam::{CENTRAL}:{PATH}-{role}" for role in ("request", "reader", "auditor", "controller")],
        None,
    ),
    ("central.yaml", "AuditorRole", "SeeTheAlarms"): (
        "Allow",
        None,
        ["cloudwatch:DescribeAlarms"],
        [f"{AWS}:cloudwatch:us-east-1:{CENTRAL}:alarm:*"],
        None,
    ),
    ("central.yaml", "AuditorRole", "SeeTheBuckets"): (
        "Allow",
        None,
        ["s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:GetBucketVersioning", "s3:ListBucket"],
        [f"{AWS}:s3:::cross-account-permission-{CENTRAL}-*"],
        None,
    ),
    ("central.yaml", "ControllerRole", "LambdaRunsTheController"): (
        "Allow",
        {"Service": "lambda.amazonaws.com"},
        ["sts:AssumeRole"],
        [],
        None,
    ),
    ("central.yaml", "ControllerRole", "BeWokenByTheStream"): (
        "Allow",
        None,
        ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
        ["<RequestsTable.StreamArn>"],
        None,
    ),
    ("central.yaml", "ControllerRole", "FindAndFinishRequests"): (
        "Allow",
        None,
        ["dynamodb:DeleteItem", "dynamodb:Scan", "dynamodb:UpdateItem"],
        ["<RequestsTable.Arn>"],
        None,
    ),
    ("central.yaml", "ControllerRole", "AnswerAndRememberAnswers"): (
        "Allow",
        None,
        ["dynamodb:GetItem", "dynamodb:PutItem"],
        ["<AnswersTable.Arn>"],
        None,
    ),
    ("central.yaml", "ControllerRole", "KeepTheLedger"): (
        "Allow",
        None,
        [
            "dynamodb:ConditionCheckItem",
            "dynamodb:DeleteItem",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:UpdateItem",
        ],
        ["<GrantsTable.Arn>"],
        None,
    ),
    ("central.yaml", "ControllerRole", "SeeWhatIsDue"): (
        "Allow",
        None,
        ["dynamodb:Query"],
        ["<GrantsTable.Arn>/index/due"],
        None,
    ),
    ("central.yaml", "ControllerRole", "ActAsGrantorInTheOrganization"): (
        "Allow",
        None,
        ["sts:AssumeRole"],
        [f"{AWS}:iam::*:{PATH}-grantor"],
        {"StringEquals": {"aws:ResourceOrgID": ORGANIZATION}},
    ),
    ("central.yaml", "ControllerRole", "ObserveInTheOrganization"): (
        "Allow",
        None,
        ["sts:AssumeRole"],
        [f"{AWS}:iam::*:{PATH}-observer"],
        {"StringEquals": {"aws:ResourceOrgID": ORGANIZATION}},
    ),
    ("central.yaml", "ControllerRole", "TellWhatHasBecomeOfGrants"): (
        "Allow",
        None,
        ["events:PutEvents"],
        [f"{AWS}:events:us-east-1:{CENTRAL}:event-bus/default"],
        {
            "ForAllValues:StringEquals": {"events:source": ["cross-account-permission"]},
            "Null": {"events:source": "false"},
        },
    ),
    ("central.yaml", "ControllerRole", "WriteItsOwnLog"): (
        "Allow",
        None,
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        [f"{AWS}:logs:us-east-1:{CENTRAL}:log-group:/aws/lambda/cross-account-permission-controller:*"],
        None,
    ),
    ("central.yaml", "ControllerRole", "SetDeadLettersAside"): (
        "Allow",
        None,
        ["sqs:SendMessage"],
        ["<DeadLetterQueue.Arn>"],
        None,
    ),
    ("account-roles.yaml", "ProviderRole", "LambdaRunsTheProvider"): (
        "Allow",
        {"Service": "lambda.amazonaws.com"},
        ["sts:AssumeRole"],
        [],
        None,
    ),
    ("account-roles.yaml", "ProviderRole", "AssumeTheRequestRole"): (
        "Allow",
        None,
        ["sts:AssumeRole", "sts:TagSession"],
        [f"{AWS}:iam::{CENTRAL}:{PATH}-request"],
        None,
    ),
    ("account-roles.yaml", "ProviderRole", "WriteItsOwnLog"): (
        "Allow",
        None,
        ["logs:CreateLogStream", "logs:PutLogEvents"],
        [f"{AWS}:logs:*:{CENTRAL}:log-group:/aws/lambda/cross-account-permission:*"],
        None,
    ),
    ("account-roles.yaml", "GrantorRole", "OnlyTheControllerGrants"): (
        "Allow",
        {"AWS": f"{AWS}:iam::{CENTRAL}:root"},
        ["sts:AssumeRole"],
        [],
        {"ArnEquals": {"aws:PrincipalArn": f"{AWS}:iam::{CENTRAL}:{PATH}-controller"}},
    ),
    ("account-roles.yaml", "GrantorRole", "OpenTaggedFunctions"): (
        "Allow",
        None,
        [
            "lambda:DeleteResourcePolicy",
            "lambda:GetAlias",
            "lambda:GetFunctionConfiguration",
            "lambda:GetResourcePolicy",
            "lambda:PutResourcePolicy",
        ],
        [f"{FUNCTIONS}:*"],
        TAGGED,
    ),
    ("account-roles.yaml", "GrantorRole", "TellGoneFromUntagged"): (
        "Allow",
        None,
        ["lambda:ListTags"],
        [f"{FUNCTIONS}:*"],
        None,
    ),
    ("account-roles.yaml", "GrantorRole", "NeverOurOwnFunctions"): (
        "Deny",
        None,
        ["lambda:*"],
        [f"{FUNCTIONS}:cross-account-permission*"],
        None,
    ),
    ("account-roles.yaml", "GrantorRole", "SeeTaggedRestApis"): (
        "Allow",
        None,
        ["apigateway:GET"],
        [f"{APIS}/restapis/*"],
        TAGGED,
    ),
    ("account-roles.yaml", "GrantorRole", "OpenTaggedRestApis"): (
        "Allow",
        None,
        ["apigateway:PATCH", "apigateway:UpdateRestApiPolicy"],
        [f"{APIS}/restapis/*"],
        TAGGED,
    ),
    ("account-roles.yaml", "GrantorRole", "DeployTaggedRestApis"): (
        "Allow",
        None,
        ["apigateway:POST"],
        [f"{APIS}/restapis/*/deployments"],
        TAGGED,
    ),
    ("account-roles.yaml", "GrantorRole", "TellGoneApisFromUntagged"): (
        "Allow",
        None,
        ["apigateway:GET"],
        [f"{APIS}/tags/*"],
        None,
    ),
    ("account-roles.yaml", "GrantorRole", "NothingBelowARestApi"): (
        "Deny",
        None,
        ["apigateway:PATCH", "apigateway:UpdateRestApiPolicy"],
        [f"{APIS}/restapis/*/*"],
        None,
    ),
    ("account-roles.yaml", "GrantorRole", "NothingIsMadeButDeployments"): (
        "Deny",
        None,
        ["apigateway:POST"],
        ["not", f"{APIS}/restapis/*/deployments"],
        None,
    ),
    ("account-roles.yaml", "GrantorRole", "NothingIsReplacedOrDeleted"): (
        "Deny",
        None,
        ["apigateway:DELETE", "apigateway:PUT"],
        ["*"],
        None,
    ),
    ("account-roles.yaml", "GrantorRole", "SeeRolesUnderThePath"): (
        "Allow",
        None,
        ["iam:GetRole"],
        [f"{ROLES}/cross-account/*"],
        None,
    ),
    ("account-roles.yaml", "GrantorRole", "OpenTaggedRoles"): (
        "Allow",
        None,
        ["iam:UpdateAssumeRolePolicy"],
        [f"{ROLES}/cross-account/*"],
        TAGGED,
    ),
    ("account-roles.yaml", "GrantorRole", "NeverOurOwnRoles"): (
        "Deny",
        None,
        ["iam:*"],
        [f"{ROLES}/cross-account-permission/*"],
        None,
    ),
    ("account-roles.yaml", "ObserverRole", "OnlyTheControllerObserves"): (
        "Allow",
        {"AWS": f"{AWS}:iam::{CENTRAL}:root"},
        ["sts:AssumeRole"],
        [],
        {"ArnEquals": {"aws:PrincipalArn": f"{AWS}:iam::{CENTRAL}:{PATH}-controller"}},
    ),
    ("account-roles.yaml", "ObserverRole", "SeeResourcesOfStacks"): (
        "Allow",
        None,
        ["cloudformation:DescribeStackResource"],
        [f"{AWS}:cloudformation:*:{CENTRAL}:stack/*"],
        None,
    ),
    ("account-roles.yaml", "ViewerRole", "TheAccountAppointsViewers"): (
        "Allow",
        {"AWS": f"{AWS}:iam::{CENTRAL}:root"},
        ["sts:AssumeRole"],
        [],
        None,
    ),
    ("account-roles.yaml", "ViewerRole", "AssumeTheReaderRole"): (
        "Allow",
        None,
        ["sts:AssumeRole", "sts:TagSession"],
        [f"{AWS}:iam::{CENTRAL}:{PATH}-reader"],
        None,
    ),
}

BY_PUBLICATION = {
    ("account-roles.yaml", "GrantorRole", "OpenPublishedAliases"): (
        "Allow",
        None,
        ["lambda:DeleteResourcePolicy", "lambda:GetResourcePolicy", "lambda:PutResourcePolicy"],
        [f"{FUNCTIONS}:*:*"],
        None,
    ),
    ("account-roles.yaml", "GrantorRole", "SeePublishedAliases"): (
        "Allow",
        None,
        ["lambda:GetAlias"],
        [f"{FUNCTIONS}:*"],
        None,
    ),
}
ASKING_THE_ORGANIZATION = {
    ("central.yaml", "ControllerRole", "AskTheOrganizationForItsMembers"): (
        "Allow",
        None,
        ["organizations:DescribeAccount"],
        [f"{AWS}:organizations::*:account/{ORGANIZATION}/*"],
        None,
    ),
}
SENDING_WITH_THE_KEY = (
    "Allow",
    None,
    ["kms:Decrypt", "kms:GenerateDataKey"],
    ["arn:aws:kms:us-east-1:222222222222:key/1"],
    {"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}},
)
READING_WITH_THE_KEY = (
    "Allow",
    None,
    ["kms:Decrypt", "kms:DescribeKey"],
    ["arn:aws:kms:us-east-1:222222222222:key/1"],
    {"StringEquals": {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}},
)
WITH_THE_KEY = (
    "Allow",
    None,
    ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
    ["arn:aws:kms:us-east-1:222222222222:key/1"],
    {"StringEquals": {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}},
)


def documents(properties: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The policy documents of a role or a bucket policy."""
    if "AssumeRolePolicyDocument" in properties:
        yield properties["AssumeRolePolicyDocument"]
    if "PolicyDocument" in properties:
        yield properties["PolicyDocument"]
    for policy in properties.get("Policies", []):
        yield policy["PolicyDocument"]


def powers(name: str, **given: str) -> dict[tuple[str, str, str], Any]:
    """What a template's policies say, in the form of the table."""
    found: dict[tuple[str, str, str], Any] = {}
    for logical_id, resource in resolved(name, **given).items():
        for document in documents(resource.get("Properties", {})):
            assert document["Version"] == "2012-10-17"
            for statement in document["Statement"]:
                key = (name, logical_id, statement["Sid"])
                assert key not in found, f"two statements of one name: {key}"
                found[key] = (
                    statement["Effect"],
                    statement.get("Principal"),
                    as_list(statement["Action"]),
                    resources(statement),
                    statement.get("Condition"),
                )
                unknown = statement.keys() - {
                    "Sid",
                    "Effect",
                    "Principal",
                    "Action",
                    "Resource",
                    "NotResource",
                    "Condition",
                }
                assert unknown == set(), f"{key} says more than the table can"
    return found


def resources(statement: dict[str, Any]) -> list[Any]:
    """The resources of a statement; `not` comes before those that are left out."""
    if "NotResource" in statement:
        return ["not", *as_list(statement["NotResource"])]
    return as_list(statement.get("Resource", []))


def as_list(value: object) -> list[Any]:
    """A policy's one-or-many, as many."""
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", PARTS)
def test_a_template_gives_what_the_table_says_and_nothing_else(name: str) -> None:
    """Effect, principal, actions, resources and conditions of every statement."""
    assert powers(name) == {key: value for key, value in POWERS.items() if key[0] == name}


def test_consent_by_publication_adds_aliases_alone() -> None:
    """It opens what has a qualifier, never the function itself, of which it shows where an alias points."""
    published = powers("account-roles.yaml", AliasTargetsConsent="Publication")
    assert published == {**powers("account-roles.yaml"), **BY_PUBLICATION}


def test_asking_the_organization_adds_that_one_question_alone() -> None:
    """About accounts of that organization."""
    assert powers("central.yaml", AskOrganization="true") == {**powers("central.yaml"), **ASKING_THE_ORGANIZATION}


def test_a_key_adds_its_use_through_dynamodb_and_the_queues_through_sqs_alone() -> None:
    """The roles that touch the tables may use it, those that read to read, who sends letters to send, and for nothing else."""
    [arn] = WITH_THE_KEY[3]
    added = powers("central.yaml", KmsKeyArn=arn)
    for role in ("RequestRole", "ControllerRole"):
        assert added.pop(("central.yaml", role, "UseTheTablesKey")) == WITH_THE_KEY
    for role in ("ReaderRole", "AuditorRole"):
        assert added.pop(("central.yaml", role, "ReadWithTheTablesKey")) == READING_WITH_THE_KEY
    assert added.pop(("central.yaml", "ControllerRole", "UseTheQueuesKey")) == SENDING_WITH_THE_KEY
    assert added == powers("central.yaml")


@pytest.mark.parametrize("name", PARTS)
def test_nothing_is_allowed_to_everyone_or_on_everything(name: str) -> None:
    """No action is a wildcard, no resource is `*`, and a wildcard for accounts comes with the organization."""
    for key, (effect, principal, actions, named, condition) in powers(name).items():
        if effect != "Allow":
            continue
        keys = {condition_key for block in (condition or {}).values() for condition_key in block}
        assert [action for action in actions if "*" in action] == [], key
        assert "*" not in named, key
        if principal in ("*", {"AWS": "*"}):
            assert "aws:PrincipalOrgID" in keys, key
        if any(":iam::*:" in resource for resource in named):
            assert "aws:ResourceOrgID" in keys, key


@pytest.mark.parametrize("name", PARTS)
def test_a_forall_condition_never_passes_for_want_of_its_key(name: str) -> None:
    """`ForAllValues` is true where its key is absent, so each has its `Null`: docs/aws-behaviour.md §7."""
    for key, (_, _, _, _, condition) in powers(name).items():
        for operator, block in (condition or {}).items():
            if operator.startswith("ForAllValues:"):
                assert {k: condition["Null"].get(k) for k in block} == dict.fromkeys(block, "false"), key


@pytest.mark.parametrize(
    ("name", "logical_id", "role"),
    [
        ("central.yaml", "RequestRole", "request"),
        ("central.yaml", "ReaderRole", "reader"),
        ("central.yaml", "AuditorRole", "auditor"),
        ("central.yaml", "ControllerRole", "controller"),
        ("account-roles.yaml", "ProviderRole", "provider"),
        ("account-roles.yaml", "GrantorRole", "grantor"),
        ("account-roles.yaml", "ObserverRole", "observer"),
        ("account-roles.yaml", "ViewerRole", "viewer"),
    ],
)
def test_a_role_has_the_name_the_others_trust(name: str, logical_id: str, role: str) -> None:
    """Each trusts the others by path and name; none carries a managed policy; each can be bounded."""
    properties = resolved(name)[logical_id]["Properties"]
    bounded = resolved(name, PermissionsBoundaryName="a/developer")[logical_id]["Properties"]
    assert properties["Path"] + properties["RoleName"] == f"/cross-account-permission/cross-account-permission-{role}"
    assert "ManagedPolicyArns" not in properties
    assert "PermissionsBoundary" not in properties
    assert bounded["PermissionsBoundary"] == f"{AWS}:iam::{CENTRAL}:policy/a/developer"


def test_inline_policies_say_what_they_are_for() -> None:
    """The name of a policy is its purpose, and no two of a role share one."""
    for name in ("central.yaml", "account-roles.yaml"):
        for resource in resolved(name, KmsKeyArn=WITH_THE_KEY[3][0]).values():
            names = [policy["PolicyName"] for policy in resource["Properties"].get("Policies", [])]
            assert len(names) == len(set(names))
            assert [n for n in names if not n.isalpha() or n.lower().endswith("policy")] == []


def test_the_roles_of_an_account_are_bound_to_no_region() -> None:
    """They are created once per account, from whichever Region, so none is named in them."""
    assert "xx-nowhere-9" not in str(resolved("account-roles.yaml", **{"AWS::Region": "xx-nowhere-9"}))
