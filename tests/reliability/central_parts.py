"""The tables and roles of the templates on a local cloud, and what an owner publishes; no Lambda function of ours is deployed.

So whatever controller or provider works there runs in a test's own process, under the real roles.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from accounts import ACCOUNTS
from deployed_names import ANSWERS, CENTRAL, GRANTS, PREFIX, REQUESTS
from owned import Owned
from samtranslator.yaml_helper import yaml_parse

from provider.localcloud import LocalCloud
from provider.rollout.stacks import Stack, deploy

TEMPLATES = Path(__file__).parents[2] / "templates"
KEYS = {REQUESTS: ("account", "request"), ANSWERS: ("account", "request"), GRANTS: ("pk", "sk")}
_KEPT = ("AWS::DynamoDB::Table", "AWS::IAM::Role", "AWS::SQS::Queue")
_FOR_PEOPLE = ("AuditorRole",)  # who looks at functions that are not here
_OWNER = Path(__file__).parent / "templates" / "owner.yaml"

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """All that is remembered anywhere: the items of each table by key, and what stands at each of the owner's places."""

    tables: Mapping[str, Mapping[tuple[str, str], Item]]
    places: Mapping[str, Any]


@dataclass
class CentralParts:
    """What is deployed, and a way to look at it and to put it back."""

    cloud: LocalCloud
    owned: Owned = field(init=False)

    def deploy(self) -> None:
        """Deploy everything; the controller's and the provider's role may be assumed by their accounts as well."""
        central = yaml_parse((TEMPLATES / "central.yaml").read_text("utf-8"))
        resources = {
            name: one for name, one in central["Resources"].items() if one["Type"] in _KEPT and name not in _FOR_PEOPLE
        }
        central = {**central, "Resources": resources, "Outputs": {"Central": {"Value": CENTRAL}}}
        parameters = {"OrganizationId": "o-localcloud", "ControllerKey": f"controller-arm64-{'0' * 16}.zip"}
        self._deploy("central", "central", json.dumps(central), parameters)
        roles = (TEMPLATES / "account-roles.yaml").read_text("utf-8")
        for account in ("consumer", "owner"):
            self._deploy(account, "roles", roles, {"CentralAccountId": CENTRAL})
        self.owned = Owned(self.cloud, self._deploy("owner", "owned", _OWNER.read_text("utf-8"), {}))
        for account, role in (("central", "controller"), ("consumer", "provider")):
            self._open(account, f"{PREFIX}-{role}")

    def _deploy(self, account: str, name: str, template: str, parameters: Mapping[str, str]) -> dict[str, str]:
        return deploy(self.cloud.client("cloudformation", account), Stack(name, template, parameters))

    def _open(self, account: str, role: str) -> None:
        """Lambda alone may assume it; here the test stands in for Lambda."""
        root = f"arn:aws:iam::{ACCOUNTS[account]}:root"
        trust = [{"Effect": "Allow", "Principal": {"AWS": root}, "Action": "sts:AssumeRole"}]
        document = json.dumps({"Version": "2012-10-17", "Statement": trust})
        self.cloud.client("iam", account).update_assume_role_policy(RoleName=role, PolicyDocument=document)

    def credentials(self, account: str, role: str) -> tuple[str, str, str]:
        """The keys that Lambda would give to a function that runs under one of our roles."""
        arn = f"arn:aws:iam::{ACCOUNTS[account]}:role/{PREFIX}/{PREFIX}-{role}"
        answer = self.cloud.client("sts", account).assume_role(RoleArn=arn, RoleSessionName=PREFIX)
        keys = answer["Credentials"]
        return keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]

    @cached_property
    def database(self) -> Any:
        """DynamoDB as the central account's administrator."""
        return self.cloud.client("dynamodb", "central")

    def file(self, account: str, request: str, event: Mapping[str, Any], issued_at: str) -> Item:
        """File a request as the provider does; the stored item."""
        values = {"account": account, "request": request, "event": json.dumps(event), "issuedAt": issued_at}
        item = {name: {"S": value} for name, value in values.items()}
        self.database.put_item(TableName=REQUESTS, Item=item)
        return item

    def table(self, name: str) -> Mapping[tuple[str, str], Item]:
        """The items of a table; they never fill a page here."""
        items = self.database.scan(TableName=name, ConsistentRead=True)["Items"]
        return {(item[KEYS[name][0]]["S"], item[KEYS[name][1]]["S"]): item for item in items}

    def state(self, standing: Mapping[str, Any]) -> State:
        """All that is remembered now, where it is known what stands at the owner's places."""
        return State({name: self.table(name) for name in KEYS}, standing)

    def restore(self, wanted: State, found: State) -> None:
        """Make what was found what is wanted."""
        writes = [(name, write) for name in KEYS for write in _writes(name, wanted.tables[name], found.tables[name])]
        for start in range(0, len(writes), 25):  # the most that DynamoDB takes at once
            batch: dict[str, list[Any]] = {}
            for name, write in writes[start : start + 25]:
                batch.setdefault(name, []).append(write)
            self.database.batch_write_item(RequestItems=batch)
        for arn, standing in wanted.places.items():
            if standing != found.places[arn]:
                self.owned.put(arn, standing)


def _writes(name: str, wanted: Mapping[Any, Item], found: Mapping[Any, Item]) -> list[Any]:
    """What makes of a table's items the wanted ones."""
    gone = found.keys() - wanted.keys()
    deletes = [{"DeleteRequest": {"Key": {key: found[one][key] for key in KEYS[name]}}} for one in gone]
    return deletes + [{"PutRequest": {"Item": item}} for key, item in wanted.items() if found.get(key) != item]
