"""A life of everything that the system does, on the local cloud, for what it makes our roles call."""

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from identities import a_name, become
from rolled_out import REGIONS, ROOT, TEMPLATES, Organization

from provider.cli.checkups import centre
from provider.cli.checkups.expected import Place, parsed
from provider.cli.organization import ACCOUNTS
from provider.cli.reading import whole_ledger
from provider.controller.dynamodb_ledger import DynamoDBLedger
from provider.controller.names import Reservation, reserve
from provider.core.identifiers import AccountId, Origin
from provider.rollout.plan import stack_name
from provider.rollout.stacks import StackFailed

ROLES = ROOT / "templates" / "account-roles.yaml"
CENTRAL, CONSUMER, OWNER = (ACCOUNTS[name] for name in ("central", "consumer", "owner"))
_FOR_CONSUMER = {"Accounts": CONSUMER}
_CONTROLLER, _REQUESTS = "cross-account-permission-controller", "cross-account-permission-requests"
_GRANTS = "cross-account-permission-grants"
_LOOKED_AT = ("artifacts", "central")
_PATIENCE = 60.0


@dataclass(frozen=True)
class Life:
    """What is done, in its order."""

    org: Organization

    def live(self) -> None:
        """All of it, in several stacks at a time; nothing of it depends on another part."""
        steps = (
            lambda: self.functions("us-east-1", "eu-west-1"),
            lambda: self.functions("eu-west-1", "us-east-1"),
            self.rest_apis,
            self.functions_without_qualifier,
            self.roles,
            self.untagged_functions_and_roles,
            self.untagged_rest_apis,
            self.functions_that_are_gone,
            self.rest_apis_that_are_gone,
            self.roles_that_are_gone,
            self.aliases_that_are_published,
            self.drift_and_the_schedule,
            self.stacks_are_looked_at,
            self.a_target_that_moves_to_another_stack,
            self.names,
            self.templates_are_read,
            self.the_ledger_is_read,
            self.the_centre_is_looked_at,
        )
        with ThreadPoolExecutor(max_workers=4) as workers:
            for done in [workers.submit(step) for step in steps]:
                done.result()
        self.a_request_that_the_stream_has_missed()
        self.a_batch_that_fails_to_the_end()

    def functions(self, home: str, asking: str) -> None:
        """Functions and consumers of two Regions; created, changed, refused, deleted."""
        arn = self._function("owner", home)
        target = self._publish("owner", arn, home, GrantTypes="Authorizer,InvokeFunction")
        self._granted(target, "permission.yaml", asking, [{}, {"Revision": "2"}])
        self._granted(target, "wish.yaml", home, [{"GrantType": "InvokeFunction"}])
        with refused("not allowed"):
            self.org.deploy("intruder", a_name(), TEMPLATES / "permission.yaml", Target=target)
        assert self.org.policy(arn) is None

    def functions_without_qualifier(self) -> None:
        """A function itself has a policy of its own, and its own revision."""
        function = self._function("owner").rpartition(":")[0]
        self._granted(self._publish("owner", function), "permission.yaml", "us-east-1", [{}])

    def rest_apis(self) -> None:
        """Open methods are looked at before a first statement, the stage before and after it is deployed."""
        name = a_name("api")
        more = {"Authorization": "NONE", "OpenMethods": "CloseWhileGranted"}
        self._granted(self._rest_api(name, **more)["Name"], "wish.yaml", "us-east-1", [{"GrantType": "ExecuteApi"}])

    def roles(self) -> None:
        """A role's trust policy."""
        self._granted(self._role(a_name("role"))["Name"], "wish.yaml", "us-east-1", [{"GrantType": "AssumeRole"}])

    def untagged_functions_and_roles(self) -> None:
        """What its owner has not tagged is looked at and not opened."""
        with refused("tag it CrossAccountPermission=allowed"):
            self._role(a_name("role"), Tag="refused")
        with refused("tag it CrossAccountPermission=allowed"):
            self._publish("owner", self._function("owner", tag="refused"))

    def untagged_rest_apis(self) -> None:
        """Likewise."""
        with refused("tag it CrossAccountPermission=allowed"):
            self._rest_api(a_name("api"), Tag="refused")

    def functions_that_are_gone(self) -> None:
        """One that is not there is not published; a grant on one that its owner deletes is deleted like any other."""
        with refused("does not exist"):
            self._publish("owner", f"arn:aws:lambda:us-east-1:{OWNER}:function:nothing:live")
        function, client = self._function("owner"), self.org.cloud.client("lambda", "owner")
        target = self._publish("owner", function, GrantTypes="InvokeFunction")
        name = function.rpartition(":")[0]
        self._orphaned(target, "InvokeFunction", lambda: client.delete_function(FunctionName=name))

    def rest_apis_that_are_gone(self) -> None:
        """Likewise."""
        api = self._rest_api(a_name("api"), Redeploy="false")
        client = self.org.cloud.client("apigateway", "owner")
        self._orphaned(api["Name"], "ExecuteApi", lambda: client.delete_rest_api(restApiId=api["ApiId"]))

    def roles_that_are_gone(self) -> None:
        """Likewise."""
        name, client = a_name("role"), self.org.cloud.client("iam", "owner")
        self._orphaned(self._role(name)["Name"], "AssumeRole", lambda: client.delete_role(RoleName=name))

    def aliases_that_are_published(self) -> None:
        """In an account whose owners consent by publication: an alias whose function has no tag."""
        stack = "cross-account-permission-account-roles"
        self.org.deploy("intruder", stack, ROLES, CentralAccountId=CENTRAL, AliasTargetsConsent="Publication")
        alias = self._function("intruder", tag="refused")
        target = self._publish("intruder", alias)
        self._granted(target, "permission.yaml", "us-east-1", [{}])

    def drift_and_the_schedule(self) -> None:
        """A statement of ours that its owner takes away is there again after the next hour's look."""
        arn, stack = self._function("owner"), a_name("drift")
        self.org.deploy("consumer", stack, TEMPLATES / "permission.yaml", Target=self._publish("owner", arn))
        self.org.cloud.client("lambda", "owner").delete_resource_policy(ResourceArn=arn)
        self.org.cloud.client("dynamodb", "central").update_item(
            TableName=_GRANTS,
            Key={"pk": {"S": f"RESOURCE#{arn}"}, "sk": {"S": "RESOURCE"}},
            UpdateExpression="SET dueAt = :now",
            ExpressionAttributeValues={":now": {"N": str(int(time.time()) - 1)}},
        )
        self.org.cloud.fire_schedules()
        wait_until(lambda: self.org.sources(arn) != [], "the statement stands again")
        self.org.delete("consumer", stack)

    def a_target_that_moves_to_another_stack(self) -> None:
        """Its old stack may go, consumers or not, as long as the new one publishes it: which is looked at once more then."""
        arn, old, new, stack = self._function("owner"), a_name("t"), a_name("t"), a_name("s")
        given = {"Name": old, "FunctionArn": arn, **_FOR_CONSUMER}
        target = self.org.deploy("owner", old, TEMPLATES / "target.yaml", **given)["Name"]
        self.org.deploy("consumer", stack, TEMPLATES / "permission.yaml", Target=target)
        self.org.deploy("owner", new, TEMPLATES / "target.yaml", **given)
        self.org.delete("owner", old)
        self.org.delete("consumer", stack)

    def stacks_are_looked_at(self) -> None:
        """Whether what was granted is still in its stack: the schedule looks once a day."""
        stack, tables = a_name("seen"), self.org.cloud.client("dynamodb", "central")
        self.org.deploy(
            "consumer", stack, TEMPLATES / "permission.yaml", Target=self._publish("owner", self._function("owner"))
        )
        described = self.org.cloud.client("cloudformation", "consumer").describe_stacks(StackName=stack)
        origin = Origin(AccountId(CONSUMER), described["Stacks"][0]["StackId"], "Permission")
        item = {"TableName": _GRANTS, "Key": {"pk": {"S": f"ORIGIN#{origin.digest}"}, "sk": {"S": "ORIGIN"}}}
        now = int(time.time())
        tables.update_item(
            **item, UpdateExpression="SET dueAt = :now", ExpressionAttributeValues={":now": {"N": str(now - 1)}}
        )
        self.org.cloud.fire_schedules()
        wait_until(lambda: int(tables.get_item(**item)["Item"]["dueAt"]["N"]) > now, "the stack was looked at")
        self.org.delete("consumer", stack)

    def a_request_that_the_stream_has_missed(self) -> None:
        """The schedule finds it, counts its attempts, and answers it."""
        functions, tables = (self.org.cloud.client(service, "central") for service in ("lambda", "dynamodb"))
        [mapping] = functions.list_event_source_mappings(FunctionName=_CONTROLLER)["EventSourceMappings"]
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        key = {"account": {"S": CONSUMER}, "request": {"S": a_name("missed")}}
        tables.put_item(TableName=_REQUESTS, Item={**key, "issuedAt": {"S": "20261101T000000Z"}})
        self.org.cloud.fire_schedules()
        wait_until(lambda: "Item" not in tables.get_item(TableName=_REQUESTS, Key=key), "the request is answered")
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

    def a_batch_that_fails_to_the_end(self) -> None:
        """Lambda sets it aside as the controller; its request is answered by the schedule."""
        functions, tables, queues = (
            self.org.cloud.client(service, "central") for service in ("lambda", "dynamodb", "sqs")
        )
        handler = functions.get_function_configuration(FunctionName=_CONTROLLER)["Handler"]
        queue = queues.get_queue_url(QueueName="cross-account-permission-dead-letters")["QueueUrl"]
        functions.update_function_configuration(FunctionName=_CONTROLLER, Handler="provider.nothing.handler")
        key = {"account": {"S": CONSUMER}, "request": {"S": a_name("dead")}}
        tables.put_item(TableName=_REQUESTS, Item={**key, "issuedAt": {"S": "20261101T000000Z"}})
        letters = queues.receive_message(QueueUrl=queue, WaitTimeSeconds=20, VisibilityTimeout=0)
        assert letters.get("Messages"), "the batch was set aside"
        functions.update_function_configuration(FunctionName=_CONTROLLER, Handler=handler)
        self.org.cloud.fire_schedules()
        wait_until(lambda: "Item" not in tables.get_item(TableName=_REQUESTS, Key=key), "the request is answered")

    def names(self) -> None:
        """A short name that the centre has reserved."""
        name = a_name("name")
        client = self.org.cloud.client("dynamodb", "central")
        reserve(client, _GRANTS, Reservation("default", name, AccountId(OWNER)))
        arn = self._function("owner")
        parameters = {"Name": name, "FunctionArn": arn, **_FOR_CONSUMER}
        self.org.deploy("owner", name, TEMPLATES / "target.yaml", **parameters)
        self._granted(name, "permission.yaml", "us-east-1", [{}])

    def templates_are_read(self) -> None:
        """Every account of the organization may read the templates that it deploys."""
        bucket = f"cross-account-permission-{CENTRAL}-us-east-1"
        listed = self.org.cloud.client("s3", "central").list_objects_v2(Bucket=bucket, Prefix="templates/")
        key = listed["Contents"][0]["Key"]
        assert self.org.cloud.client("s3", "consumer").get_object(Bucket=bucket, Key=key)["Body"].read()

    def the_ledger_is_read(self) -> None:
        """By the people of an owner and of a consumer, each as its own account, and by an auditor."""
        for account in ("owner", "consumer"):
            number = ACCOUNTS[account]
            viewer = become(self.org.cloud, our_role(number, "viewer"), a_name("v"))
            tag = [{"Key": "account", "Value": number}]
            tables = viewer.assume(our_role(CENTRAL, "reader"), a_name("r"), Tags=tag).client("dynamodb")
            tables.query(**_partition(number, "account"), IndexName="account")
            tables.query(**_partition(f"TARGET#{number}#default#x", "pk"))
        tables = become(self.org.cloud, our_role(CENTRAL, "auditor"), a_name("a")).client("dynamodb")
        whole_ledger(tables, _GRANTS, time.time())
        list(DynamoDBLedger(tables, _GRANTS).due(time.time()))
        DynamoDBLedger(tables, _GRANTS).reserved("default", "x")

    def the_centre_is_looked_at(self) -> None:
        """By an auditor, with `crossaccount doctor`."""
        auditor = become(self.org.cloud, our_role(CENTRAL, "auditor"), a_name("a"))
        templates = {name: parsed((ROOT / "templates" / f"{name}.yaml").read_text("utf-8")) for name in _LOOKED_AT}
        place = Place(CENTRAL, "aws", "us-east-1")
        found = list(centre.found(auditor.client, place, stack_name("central"), REGIONS, templates))
        assert [one for one in found if one.kind == "Unknown"] == []

    def _function(self, account: str, region: str = "us-east-1", tag: str = "allowed") -> str:
        return self.org.deploy(account, a_name("f"), TEMPLATES / "function.yaml", region, Tag=tag)["AliasArn"]

    def _rest_api(self, name: str, **more: str) -> Mapping[str, str]:
        self.org.cloud.forget_deployments()
        return self.org.deploy("owner", name, TEMPLATES / "rest-api.yaml", Name=name, **_FOR_CONSUMER, **more)

    def _role(self, name: str, **more: str) -> Mapping[str, str]:
        return self.org.deploy("owner", name, TEMPLATES / "role.yaml", Name=name, **_FOR_CONSUMER, **more)

    def _publish(self, account: str, arn: str, region: str = "us-east-1", **more: str) -> str:
        name = a_name("t")
        given = {"Name": name, "FunctionArn": arn, **_FOR_CONSUMER, **more}
        return self.org.deploy(account, name, TEMPLATES / "target.yaml", region, **given)["Name"]

    def _granted(self, target: str, template: str, region: str, wishes: list[Mapping[str, str]]) -> None:
        stack = a_name("s")
        for wish in wishes:
            self.org.deploy("consumer", stack, TEMPLATES / template, region, Target=target, **wish)
        self.org.delete("consumer", stack, region)

    def _orphaned(self, target: str, grant_type: str, vanish: Callable[[], Any]) -> None:
        stack = a_name("s")
        self.org.deploy("consumer", stack, TEMPLATES / "wish.yaml", Target=target, GrantType=grant_type)
        vanish()
        self.org.delete("consumer", stack)


def our_role(account: str, name: str) -> str:
    """The ARN of one of our roles."""
    return f"arn:aws:iam::{account}:role/cross-account-permission/cross-account-permission-{name}"


def _partition(key: str, name: str) -> dict[str, Any]:
    asked = {"TableName": _GRANTS, "KeyConditionExpression": f"{name} = :key"}
    return {**asked, "ExpressionAttributeValues": {":key": {"S": key}}}


@contextmanager
def refused(words: str) -> Iterator[None]:
    """The stack in the block fails for a reason in which these words stand."""
    with pytest.raises(StackFailed) as failed:
        yield
    assert words in failed.value.reason


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Look again and again, for a while."""
    end = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)
