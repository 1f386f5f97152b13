"""Who attacks, and what is there to be attacked: real sessions of our roles in wrong hands, on the local cloud."""

import io
import json
import zipfile
from dataclasses import dataclass, field
from typing import Any

from accounts import OUTSIDE
from deployed_policies import CARELESS, PREFIX
from identities import Someone, a_name, allow, become, holder, make_role, policy, trust
from rolled_out import TEMPLATES, Organization

from provider.cli.organization import ACCOUNTS

CENTRAL, CONSUMER, INTRUDER, OWNER = (ACCOUNTS[name] for name in ("central", "consumer", "intruder", "owner"))
STRANGER = OUTSIDE["stranger"]
HOME = "us-east-1"
PATH = f"/{PREFIX}/"
TAGS = {"CrossAccountPermission": "allowed"}
_SPILL = """
import os

def handler(event, context):
    return {name: os.environ["AWS_" + name.upper()] for name in ("access_key_id", "secret_access_key", "session_token")}
"""
_LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
_ASSUMING = allow(["sts:AssumeRole", "sts:TagSession"])


def our_role(account: str, name: str) -> str:
    """The ARN of one of our roles, or of a namesake."""
    return f"arn:aws:iam::{account}:role{PATH}{PREFIX}-{name}"


REQUEST = our_role(CENTRAL, "request")


@dataclass
class Scene:
    """What is attacked (names and ARNs in `things`), and sessions of those who attack, by what they are called."""

    org: Organization
    things: dict[str, str] = field(default_factory=dict)
    people: dict[str, Someone] = field(default_factory=dict)
    _arns: dict[str, str] = field(default_factory=dict)

    def client(self, who: str, service: str, region: str = HOME) -> Any:
        """A client of somebody, or of an account's administrator."""
        if who.startswith("administrator of "):
            return self.org.cloud.client(service, who.removeprefix("administrator of "), region)
        return self.people[who].client(service, region)

    def arn(self, who: str) -> str:
        """The ARN of somebody, as IAM sees it."""
        if who not in self._arns:
            self._arns[who] = str(self.client(who, "sts").get_caller_identity()["Arn"])
        return self._arns[who]

    def spilt(self, account: str, role: str) -> Someone:
        """A session of a role that Lambda runs functions as, which one of them has given away."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("index.py", _SPILL)
        client, name = self.org.cloud.client("lambda", account), a_name("spill")
        given = {"Runtime": "python3.13", "Handler": "index.handler", "Code": {"ZipFile": buffer.getvalue()}}
        client.create_function(FunctionName=name, Role=role, **given)
        keys = json.loads(client.invoke(FunctionName=name)["Payload"].read())
        client.delete_function(FunctionName=name)
        names = {
            "access_key_id": "AccessKeyId",
            "secret_access_key": "SecretAccessKey",
            "session_token": "SessionToken",
        }
        return holder({names[one]: value for one, value in keys.items()}, self.org.cloud.endpoint)


def set_up(org: Organization) -> Scene:
    """Make everything that attacks need.

    One of our own functions has its stack's tag of consent. To the consumer's grantor role somebody has attached a policy
    that allows everything: so it is seen what the role's denials are worth.
    """
    scene = Scene(org)
    _functions(scene)
    _apis(scene)
    _roles(scene)
    _central(scene)
    _people(scene)
    scene.things["own function"] = own = f"arn:aws:lambda:{HOME}:{OWNER}:function:{PREFIX}"
    org.cloud.client("lambda", "owner").tag_resource(Resource=own, Tags=TAGS)
    everything = policy(allow("*"))
    iam = org.cloud.client("iam", "consumer")
    iam.put_role_policy(RoleName=f"{PREFIX}-grantor", PolicyName=CARELESS, PolicyDocument=everything)
    return scene


def _functions(scene: Scene) -> None:
    things, cloud = scene.things, scene.org.cloud
    for name, account, tag in (
        ("function", "owner", "allowed"),
        ("untagged function", "owner", "refused"),
        ("untagged function of the intruder", "intruder", "refused"),
        ("foreign function", "central", "allowed"),
    ):
        alias = scene.org.deploy(account, a_name("f"), TEMPLATES / "function.yaml", Tag=tag)["AliasArn"]
        things[f"alias of the {name}"], things[name] = alias, alias.rpartition(":")[0]
    foreign = things["foreign function"]
    invitation = {
        "Sid": "invited",
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:aws:iam::{account}:root" for account in (OWNER, INTRUDER)]},
        "Action": [f"lambda:{action}" for action in FUNCTION_ACTIONS],
        "Resource": foreign,
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [invitation]})
    cloud.client("lambda", "central").put_resource_policy(ResourceArn=foreign, Policy=document)


FUNCTION_ACTIONS = (
    "GetResourcePolicy",
    "PutResourcePolicy",
    "DeleteResourcePolicy",
    "GetAlias",
    "GetFunctionConfiguration",
    "ListTags",
)


def _apis(scene: Scene) -> None:
    for account, name, tags in (
        ("owner", "api", TAGS),
        ("owner", "untagged api", {"A": "b"}),
        ("consumer", "api of the consumer", TAGS),
    ):
        client = scene.org.cloud.client("apigateway", account)
        api = client.create_rest_api(name=a_name("api"), tags=tags)
        scene.things[name], scene.things[f"resource of the {name}"] = api["id"], api["rootResourceId"]
        method = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
        client.put_method(**method, authorizationType="AWS_IAM")
        client.put_integration(**method, type="MOCK")
    gateway = scene.org.cloud.client("apigatewayv2", "owner")
    scene.things["http api"] = gateway.create_api(Name=a_name("api"), ProtocolType="HTTP", Tags=TAGS)["ApiId"]


def _roles(scene: Scene) -> None:
    cloud, tags = scene.org.cloud, [{"Key": key, "Value": value} for key, value in TAGS.items()]
    for name, path, more in (
        ("role", "/cross-account/", {"Tags": tags}),
        ("untagged role", "/cross-account/", {}),
        ("role elsewhere", "/", {"Tags": tags}),
    ):
        scene.things[name] = make_role(cloud, "owner", path=path, **more)
    scene.things["role that trusts the centre"] = make_role(cloud, "consumer", trusting=[trust(CENTRAL)])
    scene.things["role that trusts the consumer"] = make_role(cloud, "central", trusting=[trust(CONSUMER)])
    for one in ("grantor", "observer"):
        outside = {"name": f"{PREFIX}-{one}", "path": PATH}
        scene.things[f"{one} outside"] = make_role(cloud, "stranger", trusting=[trust(CENTRAL)], **outside)


def _central(scene: Scene) -> None:
    """A table, a queue, a bus and a rule that are nobody's business."""
    cloud, name = scene.org.cloud, a_name("bystander")
    table = cloud.client("dynamodb", "central").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "account", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "account", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "due",
                "KeySchema": [{"AttributeName": "account", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    scene.things |= {"bystander": name, "stream of the bystander": table["LatestStreamArn"]}
    queues, events = cloud.client("sqs", "central"), cloud.client("events", "central")
    scene.things["queue"] = queues.create_queue(QueueName=name)["QueueUrl"]
    scene.things["dead letters"] = queues.get_queue_url(QueueName=f"{PREFIX}-dead-letters")["QueueUrl"]
    stack = {"StackName": f"{PREFIX}-central"}
    listed = cloud.client("cloudformation", "central").describe_stack_resources(**stack)["StackResources"]
    ids = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in listed}
    scene.things |= {"mapping": ids["RequestsEventSource"], "schedule": ids["Schedule"], "rule": name}
    scene.things["bus"] = events.create_event_bus(Name=name)["EventBusArn"]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    controller = f"arn:aws:lambda:{HOME}:{CENTRAL}:function:{PREFIX}-controller"
    events.put_targets(Rule=name, Targets=[{"Id": "controller", "Arn": controller}])
    scene.things["bucket"] = bucket = f"{PREFIX}-{CENTRAL}-{HOME}"
    for one in cloud.client("s3", "central").list_objects_v2(Bucket=bucket)["Contents"]:
        scene.things[one["Key"].partition("-")[0].partition("/")[0]] = one["Key"]


def _people(scene: Scene) -> None:
    cloud, people = scene.org.cloud, scene.people
    everything = allow("*")
    for account, number in (("consumer", CONSUMER), ("owner", OWNER)):
        people[f"provider of {account}"] = scene.spilt(account, our_role(number, "provider"))
    people["controller"] = controller = scene.spilt("central", our_role(CENTRAL, "controller"))
    for account in ("owner", "intruder", "consumer"):
        people[f"grantor of {account}"] = controller.assume(our_role(ACCOUNTS[account], "grantor"), a_name("g"))
    people["observer of consumer"] = controller.assume(our_role(CONSUMER, "observer"), a_name("o"))
    own = [{"Key": "account", "Value": CONSUMER}]
    people["request role as consumer"] = people["provider of consumer"].assume(REQUEST, CONSUMER, Tags=own)
    people["viewer of consumer"] = viewer = become(cloud, our_role(CONSUMER, "viewer"), a_name("v"))
    people["reader as consumer"] = viewer.assume(our_role(CENTRAL, "reader"), a_name("r"), Tags=own)
    people["auditor"] = become(cloud, our_role(CENTRAL, "auditor"), a_name("a"))
    people["another role of consumer"] = become(cloud, make_role(cloud, "consumer", everything), a_name("x"))
    people["another role of central"] = become(cloud, make_role(cloud, "central", everything), a_name("x"))
    for one in ("provider", "viewer"):
        namesake = {"name": f"{PREFIX}-{one}", "path": PATH}
        people[f"{one} of a stranger"] = become(
            cloud, make_role(cloud, "stranger", everything, **namesake), a_name("x")
        )
    narrow = [allow([f"lambda:{action}" for action in FUNCTION_ACTIONS], scene.things["function"])]
    people["grantor for one function"] = controller.assume(
        our_role(OWNER, "grantor"), a_name("n"), Policy=policy(*narrow)
    )
