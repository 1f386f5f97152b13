"""Resource types do what their templates say, or say that they do not."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from stacks import Stack, of

from provider.localcloud import LocalCloud

QUEUE = {"Type": "AWS::SQS::Queue"}
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ROLE = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}
FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "Code": {"ZipFile": "def handler(event, context): return event"},
    },
}


@pytest.fixture
def stack(cloud: LocalCloud) -> Stack:
    """A stack of the consumer that does not exist yet."""
    return Stack(cloud)


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    """A resource of a template."""
    return {"Type": kind, "Properties": properties}


def physical(stack: Stack, logical: str) -> str:
    """The physical id of a resource."""
    found = stack.api.describe_stack_resource(StackName=stack.name, LogicalResourceId=logical)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def test_an_unknown_type_is_refused_before_anything_is_made(stack: Stack) -> None:
    """Also one of CloudFormation's own that is not modelled."""
    with pytest.raises(
        ClientError, match="Unrecognized resource types: \\[AWS::CloudFormation::Macro, AWS::Foo::Bar\\]"
    ):
        stack.create(of(Queue=QUEUE, Bar={"Type": "AWS::Foo::Bar"}, Macro={"Type": "AWS::CloudFormation::Macro"}))


def test_a_property_that_would_have_no_effect_fails_the_resource(stack: Stack) -> None:
    """The reason names it; nothing is left behind."""
    api = resource("AWS::ApiGateway::RestApi", Name="api", DisableExecuteApiEndpoint=True)
    assert stack.create(of(Api=api)) == "ROLLBACK_COMPLETE"
    assert stack.reason("Api", "CREATE_FAILED") == (
        "The local cloud does not do DisableExecuteApiEndpoint of AWS::ApiGateway::RestApi. "
        "Leave it out to try the rest."
    )
    apis = stack.cloud.client("apigateway", "consumer").get_rest_apis()["items"]
    assert "api" not in [one["name"] for one in apis]


def test_a_stack_does_not_take_over_what_has_the_name_already(stack: Stack) -> None:
    """Somebody's table stays as it is."""
    dynamodb = stack.cloud.client("dynamodb", "consumer")
    key = {"AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"}]}
    key["KeySchema"] = [{"AttributeName": "a", "KeyType": "HASH"}]
    dynamodb.create_table(TableName=stack.name, BillingMode="PAY_PER_REQUEST", **key)
    table = resource("AWS::DynamoDB::Table", TableName=stack.name, BillingMode="PAY_PER_REQUEST", **key)
    assert stack.create(of(Table=table)) == "ROLLBACK_COMPLETE"
    reason = stack.reason("Table", "CREATE_FAILED")
    assert f"Resource of type 'AWS::DynamoDB::Table' with identifier '{stack.name}' already exists." in reason
    assert dynamodb.describe_table(TableName=stack.name)["Table"]["TableStatus"] == "ACTIVE"


def test_a_policy_needs_its_queue(stack: Stack) -> None:
    """Nothing is written to nowhere."""
    policy = resource("AWS::SQS::QueuePolicy", Queues=["https://sqs/none"], PolicyDocument=ANYTHING)
    assert stack.create(of(Policy=policy)) == "ROLLBACK_COMPLETE"
    assert "does not exist" in stack.reason("Policy", "CREATE_FAILED")


def test_a_role_policy_lies_in_its_role(stack: Stack) -> None:
    """Written, changed, and gone with its resource."""
    iam = stack.cloud.client("iam", "consumer")

    def template(action: str) -> dict[str, Any]:
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
        policy = resource("AWS::IAM::RolePolicy", RoleName={"Ref": "Role"}, PolicyName="p", PolicyDocument=document)
        return of(Role=ROLE, Policy=policy)

    assert stack.create(template("s3:GetObject")) == "CREATE_COMPLETE"
    role = physical(stack, "Role")
    assert stack.update(template("s3:PutObject")) == "UPDATE_COMPLETE"
    document = iam.get_role_policy(RoleName=role, PolicyName="p")["PolicyDocument"]
    assert document["Statement"][0]["Action"] == "s3:PutObject"
    assert stack.update(of(Role=ROLE)) == "UPDATE_COMPLETE"
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == []


def test_a_composite_alarm_follows_its_rule(stack: Stack) -> None:
    """It is an alarm if the alarms of its rule are."""
    alarm = resource(
        "AWS::CloudWatch::Alarm",
        Namespace="n",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    both = resource("AWS::CloudWatch::CompositeAlarm", AlarmRule={"Fn::Sub": "ALARM(${One})"})
    assert stack.create(of(One=alarm, Both=both)) == "CREATE_COMPLETE"
    cloudwatch = stack.cloud.client("cloudwatch", "consumer")
    cloudwatch.set_alarm_state(AlarmName=physical(stack, "One"), StateValue="ALARM", StateReason="told")
    found = cloudwatch.describe_alarms(AlarmNames=[physical(stack, "Both")], AlarmTypes=["CompositeAlarm"])
    assert found["CompositeAlarms"][0]["StateValue"] == "ALARM"
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_functions_concurrency_and_dead_letter_queue_are_set(stack: Stack) -> None:
    """As the Lambda API tells."""
    properties = {**FUNCTION["Properties"], "ReservedConcurrentExecutions": 3}
    properties["DeadLetterConfig"] = {"TargetArn": {"Fn::GetAtt": ["Queue", "Arn"]}}
    assert stack.create(of(Role=ROLE, Queue=QUEUE, Function=resource("AWS::Lambda::Function", **properties)))
    functions, name = stack.cloud.client("lambda", "consumer"), physical(stack, "Function")
    assert functions.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 3
    configuration = functions.get_function_configuration(FunctionName=name)
    assert configuration["DeadLetterConfig"]["TargetArn"].startswith("arn:aws:sqs:")


def test_a_stream_feeds_a_function_as_its_mapping_says(stack: Stack) -> None:
    """Filters, retries, failure destination and response types."""
    table = resource(
        "AWS::DynamoDB::Table",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        StreamSpecification={"StreamViewType": "NEW_IMAGE"},
    )
    mapping = resource(
        "AWS::Lambda::EventSourceMapping",
        EventSourceArn={"Fn::GetAtt": ["Table", "StreamArn"]},
        FunctionName={"Ref": "Function"},
        StartingPosition="TRIM_HORIZON",
        BatchSize=7,
        MaximumRetryAttempts=3,
        MaximumRecordAgeInSeconds=3600,
        BisectBatchOnFunctionError=True,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        FilterCriteria={"Filters": [{"Pattern": '{"eventName": ["INSERT"]}'}]},
        DestinationConfig={"OnFailure": {"Destination": {"Fn::GetAtt": ["Queue", "Arn"]}}},
    )
    reading = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}]}
    role = {**ROLE["Properties"], "Policies": [{"PolicyName": "reading", "PolicyDocument": reading}]}
    resources = {"Queue": QUEUE, "Table": table, "Function": FUNCTION, "Mapping": mapping}
    assert stack.create(of(Role={**ROLE, "Properties": role}, **resources)) == "CREATE_COMPLETE"
    found = stack.cloud.client("lambda", "consumer").get_event_source_mapping(UUID=physical(stack, "Mapping"))
    assert (found["BatchSize"], found["MaximumRetryAttempts"], found["MaximumRecordAgeInSeconds"]) == (7, 3, 3600)
    assert found["BisectBatchOnFunctionError"]
    assert found["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert json.loads(found["FilterCriteria"]["Filters"][0]["Pattern"]) == {"eventName": ["INSERT"]}
    assert found["DestinationConfig"]["OnFailure"]["Destination"].startswith("arn:aws:sqs:")


def test_a_tables_properties_take_effect(stack: Stack) -> None:
    """Made with all of them; encryption, expiry and backups can be changed."""

    def template(on: bool) -> dict[str, Any]:
        return of(
            Table=resource(
                "AWS::DynamoDB::Table",
                ProvisionedThroughput={"ReadCapacityUnits": "2", "WriteCapacityUnits": "1"},
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in "ab"],
                KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
                GlobalSecondaryIndexes=[
                    {
                        "IndexName": "by-b",
                        "KeySchema": [{"AttributeName": "b", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "ALL"},
                        "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
                    }
                ],
                TimeToLiveSpecification={"AttributeName": "expires", "Enabled": on},
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": on},
                SSESpecification={"SSEEnabled": on},
                Tags=[{"Key": "team", "Value": "orders"}],
            )
        )

    assert stack.create(template(on=True)) == "CREATE_COMPLETE"
    dynamodb, name = stack.cloud.client("dynamodb", "consumer"), physical(stack, "Table")
    for on, word in ((True, "ENABLED"), (False, "DISABLED")):
        table = dynamodb.describe_table(TableName=name)["Table"]
        assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 2
        assert table["SSEDescription"]["Status"] == word
        assert dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"] == word
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == word
        tags = dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
        assert {"Key": "team", "Value": "orders"} in tags
        if on:
            assert stack.update(template(on=False)) == "UPDATE_COMPLETE"


def test_a_table_without_its_key_attribute_is_refused(stack: Stack) -> None:
    """DynamoDB's own checks apply."""
    table = resource("AWS::DynamoDB::Table", BillingMode="PAY_PER_REQUEST", AttributeDefinitions=[], KeySchema=[])
    assert stack.create(of(Table=table)) == "ROLLBACK_COMPLETE"
    assert "(Service: DynamoDb, Status Code: 400)" in stack.reason("Table", "CREATE_FAILED")


def test_a_protected_table_is_not_deleted(stack: Stack) -> None:
    """Until its protection is lifted."""

    def template(protected: str) -> dict[str, Any]:
        return of(
            Table=resource(
                "AWS::DynamoDB::Table",
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
                DeletionProtectionEnabled=protected,
            )
        )

    stack.create(template("true"))
    assert stack.delete() == "DELETE_FAILED"
    assert "protected against deletion" in stack.reason("Table", "DELETE_FAILED")
    stack.cloud.client("dynamodb", "consumer").update_table(
        TableName=physical(stack, "Table"), DeletionProtectionEnabled=False
    )
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_buckets_configurations_take_effect(stack: Stack) -> None:
    """Also when they change."""

    def template(days: int) -> dict[str, Any]:
        rule = {"Id": "old", "Status": "Enabled", "Prefix": "x/", "ExpirationInDays": days}
        default = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        return of(
            Bucket=resource(
                "AWS::S3::Bucket",
                BucketEncryption={"ServerSideEncryptionConfiguration": [default]},
                LifecycleConfiguration={"Rules": [rule]},
                OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                VersioningConfiguration={"Status": "Enabled"},
                Tags=[{"Key": "team", "Value": "orders"}],
            )
        )

    assert stack.create(template(1)) == "CREATE_COMPLETE"
    assert stack.update(template(2)) == "UPDATE_COMPLETE"
    s3, name = stack.cloud.client("s3", "consumer"), physical(stack, "Bucket")
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert (rule["ID"], rule["Filter"], rule["Expiration"]) == ("old", {"Prefix": "x/"}, {"Days": 2})
    (encryption,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert encryption["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (ownership,) = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    assert ownership == {"ObjectOwnership": "BucketOwnerEnforced"}
    assert {"Key": "team", "Value": "orders"} in s3.get_bucket_tagging(Bucket=name)["TagSet"]


def test_a_bucket_with_objects_is_not_deleted(stack: Stack) -> None:
    """DELETE_FAILED, and the objects are still there."""
    stack.create(of(Bucket=resource("AWS::S3::Bucket")))
    s3, name = stack.cloud.client("s3", "consumer"), physical(stack, "Bucket")
    s3.put_object(Bucket=name, Key="k", Body=b"b")
    assert stack.delete() == "DELETE_FAILED"
    assert "The bucket you tried to delete is not empty" in stack.reason("Bucket", "DELETE_FAILED")
    s3.delete_object(Bucket=name, Key="k")
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_bucket_policy_needs_its_bucket(stack: Stack) -> None:
    """Somebody else's is none of the stack's."""
    stack.cloud.client("s3", "owner").create_bucket(Bucket=f"{stack.name}-owners")
    policy = resource("AWS::S3::BucketPolicy", Bucket=f"{stack.name}-owners", PolicyDocument=ANYTHING)
    assert stack.create(of(Policy=policy)) == "ROLLBACK_COMPLETE"
    assert stack.reason("Policy", "CREATE_FAILED").startswith("Resource handler returned message:")


def test_an_http_api_has_its_deployment(stack: Stack) -> None:
    """Its stage can name it."""
    api = resource("AWS::ApiGatewayV2::Api", Name="api", ProtocolType="HTTP")
    deployment = resource("AWS::ApiGatewayV2::Deployment", ApiId={"Ref": "Api"}, Description="first")
    assert stack.create(of(Api=api, Deployment=deployment)) == "CREATE_COMPLETE"
    found = stack.cloud.client("apigatewayv2", "consumer").get_deployment(
        ApiId=physical(stack, "Api"), DeploymentId=physical(stack, "Deployment")
    )
    assert found["Description"] == "first"
    assert stack.delete() == "DELETE_COMPLETE"
