"""Somebody becomes a role of this system, or misuses its functions and its code: IAM stops it."""

import json

from bad_hands import CENTRAL, LAMBDA, REQUESTS, Attacker, Doors, open_doors
from identities import a_name, allow, become, make_role, policy
from rolled_out import Organization

OWNER, CONSUMER, INTRUDER = "333333333333", "111111111111", "444444444444"
PATH = "/cross-account-permission/"
CONTROLLER = "cross-account-permission-controller"
GRANTOR, OBSERVER = (
    f"arn:aws:iam::{OWNER}:role{PATH}cross-account-permission-{one}" for one in ("grantor", "observer")
)
CONTROLLER_FUNCTION = f"arn:aws:lambda:us-east-1:{CENTRAL}:function:{CONTROLLER}"
TRUSTS_LAMBDA = policy(LAMBDA)
ANYBODY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*"}]})


def test_nobody_but_the_controller_becomes_a_grantor_or_an_observer(
    org: Organization, intruder: Attacker, victim: Attacker
) -> None:
    """No administrator, of the centre or the owner's own account, no provider, and no namesake of the controller."""
    namesake = make_role(org.cloud, "central", allow("sts:*"), name=a_name(CONTROLLER), path=PATH)
    elsewhere = make_role(org.cloud, "intruder", allow("sts:*"), name=CONTROLLER, path=PATH)
    sessions = {
        "the intruder's provider": intruder.provider,
        "the consumer's provider": victim.provider,
        "the request role": intruder.requesting(),
        "a namesake of the controller in the centre": become(org.cloud, namesake),
        "a namesake of the controller elsewhere": become(org.cloud, elsewhere),
    }
    administrators = {
        name: org.cloud.client("sts", name) for name in ("intruder", "consumer", "owner", "central", "stranger")
    }
    for role in (GRANTOR, OBSERVER):
        doors: Doors = {
            name: lambda one=one, role=role: one.assume_role(RoleArn=role, RoleSessionName="someone")
            for name, one in administrators.items()
        }
        doors |= {name: lambda one=one, role=role: one.assume(role) for name, one in sessions.items()}
        assert open_doors(doors, "AccessDenied") == [], role


def test_nobody_becomes_the_controller_but_lambda(org: Organization, intruder: Attacker) -> None:
    """Not even the centre's administrator, unless he rewrites its trust."""
    role = f"arn:aws:iam::{CENTRAL}:role{PATH}{CONTROLLER}"
    doors: Doors = {
        name: lambda name=name: org.cloud.client("sts", name).assume_role(RoleArn=role, RoleSessionName="someone")
        for name in ("intruder", "owner", "central")
    }
    doors["the intruder's provider"] = lambda: intruder.provider.assume(role)
    assert open_doors(doors, "AccessDenied") == []


def test_a_provider_role_does_nothing_but_assume_the_request_role(org: Organization, intruder: Attacker) -> None:
    """In its own account too, where its administrator may do everything."""
    session, own = intruder.provider, make_role(org.cloud, "intruder", allow("*"))
    doors: Doors = {
        "another role of its account": lambda: session.assume(own),
        "the controller": lambda: session.client("lambda").invoke(FunctionName=CONTROLLER_FUNCTION),
        "the requests table": lambda: session.client("dynamodb").put_item(
            TableName=f"arn:aws:dynamodb:us-east-1:{CENTRAL}:table/{REQUESTS}", Item={"account": {"S": INTRUDER}}
        ),
        "roles": lambda: session.client("iam").list_roles(),
        "functions": lambda: session.client("lambda").list_functions(),
        "buckets": lambda: session.client("s3").list_buckets(),
        "code": lambda: session.client("s3").get_object(
            Bucket=f"cross-account-permission-{CENTRAL}-us-east-1", Key="templates/x"
        ),
        "secrets": lambda: session.client("ssm").get_parameter(Name="x"),
    }
    assert open_doors(doors, "AccessDenied", "AccessDeniedException") == []


def test_nobody_invokes_the_controller_or_another_accounts_provider(org: Organization, intruder: Attacker) -> None:
    """Whoever invoked a provider would ask as its account; whoever invoked the controller could forge the account."""
    client, event = intruder.client("lambda"), json.dumps({"Records": []})
    functions = [CONTROLLER_FUNCTION] + [
        f"arn:aws:lambda:us-east-1:{account}:function:cross-account-permission"
        for account in (CONSUMER, OWNER, CENTRAL)
    ]
    doors: Doors = {one: lambda one=one: client.invoke(FunctionName=one, Payload=event) for one in functions}
    doors |= {
        f"{one} opened": lambda one=one: client.add_permission(
            FunctionName=one, StatementId="x", Action="lambda:InvokeFunction", Principal=INTRUDER
        )
        for one in functions
    }
    doors |= {
        f"{one} replaced": lambda one=one: client.update_function_code(FunctionName=one, ZipFile=b"x")
        for one in functions
    }
    assert open_doors(doors, "AccessDeniedException") == []


SERVICE_TOKEN = """
Resources:
  Wish:
    Type: Custom::CrossAccountPermission
    Properties:
      ServiceToken: {token}
      ServiceTimeout: 15
      Target: {target}
      GrantType: InvokeFunction
"""


def test_a_stack_asks_through_no_other_accounts_provider(
    org: Organization, intruder: Attacker, target: str, function: str, stack: str
) -> None:
    token = f"arn:aws:lambda:us-east-1:{CONSUMER}:function:cross-account-permission"
    cloudformation = intruder.client("cloudformation")
    cloudformation.create_stack(StackName=stack, TemplateBody=SERVICE_TOKEN.format(token=token, target=target))
    status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    assert status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    assert any("not authorized" in one.get("ResourceStatusReason", "") for one in events)
    assert org.policy(function) is None


def test_the_released_zips_are_read_by_the_organization_and_written_by_nobody(org: Organization) -> None:
    """The centre itself writes no key twice; the controller's zip is the centre's alone."""
    bucket = f"cross-account-permission-{CENTRAL}-us-east-1"
    central = org.cloud.client("s3", "central")
    keys = [one["Key"] for one in central.list_objects_v2(Bucket=bucket)["Contents"]]
    provider = next(key for key in keys if key.startswith("provider-"))
    other = next(key for key in keys if key.startswith("controller-"))
    doors: Doors = {}
    for name in ("intruder", "owner", "stranger", "central"):
        client = org.cloud.client("s3", name)
        doors |= {
            f"{name} overwrites": lambda c=client: c.put_object(Bucket=bucket, Key=provider, Body=b"x"),
            f"{name} deletes": lambda c=client: c.delete_object(Bucket=bucket, Key=provider),
        }
        if name == "central":
            continue
        doors |= {
            f"{name} adds": lambda c=client: c.put_object(
                Bucket=bucket, Key="provider-x.zip", Body=b"x", IfNoneMatch="*"
            ),
            f"{name} reads the controller": lambda c=client: c.get_object(Bucket=bucket, Key=other),
            f"{name} opens the bucket": lambda c=client: c.put_bucket_policy(Bucket=bucket, Policy=ANYBODY),
        }
    doors["a stranger reads"] = lambda: org.cloud.client("s3", "stranger").get_object(Bucket=bucket, Key=provider)
    assert open_doors(doors, "AccessDenied") == []
    assert org.cloud.client("s3", "intruder").get_object(Bucket=bucket, Key=provider)["ContentLength"] > 1000
