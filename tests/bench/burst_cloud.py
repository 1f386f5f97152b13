"""The local cloud of the bursts: the central parts under the real roles, hundreds of accounts, and the zips unpacked."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

import botocore.session
from accounts import ACCOUNTS
from central_parts import CentralParts
from controller_process import ENVIRONMENT
from deployed_names import CENTRAL, HOME, OWNER

from provider.localcloud import LocalCloud
from provider.packaging import Architecture, build
from provider.rollout.stacks import Stack, deploy

ROLE = "cross-account-permission-provider"
ROOT = Path(__file__).parents[2]
_OWNER = Path(__file__).with_name("owner.yaml")
_PATIENCE = 3600


def unpacked(directory: Path) -> dict[str, str]:
    """The zips of this tree for this machine, built and unpacked: the folder of each by its kind."""
    architecture = Architecture.X86_64 if os.uname().machine == "x86_64" else Architecture.ARM64
    folders = {}
    for one in build(ROOT / "dist"):
        if one.architecture in (None, architecture):
            folders[str(one.kind)] = str(directory / one.kind)
            with ZipFile(one.path) as opened:
                opened.extractall(directory / one.kind)
    return folders


@dataclass
class BurstCloud:
    """`keys` are those of each consumer's provider function, by account; `zips` the folders of the unpacked zips."""

    cloud: LocalCloud
    directory: Path
    zips: Mapping[str, str]
    keys: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parts = CentralParts(self.cloud)
        self.parts.deploy()
        self.controller = list(self.parts.credentials("central", "controller"))
        self._session = botocore.session.Session()
        for name, account in self.cloud.accounts.items():
            if name not in ACCOUNTS:
                self.keys[account] = self._with_role(account)
        self._owner = self._own_keys()

    def owned(self, name: str) -> Mapping[str, str]:
        """A function and a REST API of the owner's that nobody has asked for yet."""
        return deploy(self.cloud.client("cloudformation", "owner"), Stack(name, _OWNER.read_text("utf-8"), {}))

    def publish(self, name: str, offer: Mapping[str, Any]) -> None:
        """Let the owner's stack publish something, by the product."""
        properties = {"Name": name, "AllowOrganization": "true", **offer}
        stack = {"account": OWNER, "keys": self._owner, "type": "Target", "number": name, "properties": properties}
        found = self.run({"handler": "product", "zips": self.zips, "stacks": [stack]})["stacks"]
        assert [one[1] for one in found.values()] == ["SUCCESS"], found

    def run(self, order: Mapping[str, Any]) -> Any:
        """Let stacks ask, in a process of its own; see `lambdas`."""
        path, log = self.directory / "order.json", self.directory / "log"
        keys = {
            "endpoint": self.cloud.endpoint,
            "environment": ENVIRONMENT,
            "central": CENTRAL,
            "controller": self.controller,
        }
        path.write_text(json.dumps({"seed": 1, **keys, **order}), "utf-8")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        settings = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
        with log.open("w") as output:
            command = [sys.executable, str(Path(__file__).with_name("lambdas.py")), str(path)]
            done = subprocess.run(
                command, env={**environment, **settings}, stdout=output, stderr=output, timeout=_PATIENCE, check=False
            )
        assert done.returncode == 0, log.read_text("utf-8")[-3000:]
        return json.loads(path.with_suffix(".outcome").read_text("utf-8"))

    def _with_role(self, account: str) -> list[str]:
        """Make the provider's role in an account, as account-roles.yaml does; the keys that Lambda would give to it.

        Its own account may assume it: here the bench stands in for Lambda. It may assume what the baseline assumes, too.
        """
        own = self.cloud.settings.administrators[account]
        iam, sts = (
            self._session.create_client(
                service,
                region_name=HOME,
                endpoint_url=self.cloud.endpoint,
                aws_access_key_id=own[0],
                aws_secret_access_key=own[1],
            )
            for service in ("iam", "sts")
        )
        allow = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"]}
        trust = {**allow, "Principal": {"AWS": f"arn:aws:iam::{account}:root"}}
        powers = {**allow, "Resource": [ENVIRONMENT["REQUEST_ROLE_ARN"], f"arn:aws:iam::{OWNER}:role/*"]}
        path = "/cross-account-permission/"
        iam.create_role(RoleName=ROLE, Path=path, AssumeRolePolicyDocument=_document(trust))
        iam.put_role_policy(RoleName=ROLE, PolicyName="Ask", PolicyDocument=_document(powers))
        found = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role{path}{ROLE}", RoleSessionName="stack")[
            "Credentials"
        ]
        return [found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]]

    def _own_keys(self) -> list[str]:
        """The keys of the owner's provider function, whose role account-roles.yaml has made."""
        root = {"AWS": f"arn:aws:iam::{OWNER}:root"}
        trust = {"Effect": "Allow", "Principal": root, "Action": ["sts:AssumeRole", "sts:TagSession"]}
        self.cloud.client("iam", "owner").update_assume_role_policy(RoleName=ROLE, PolicyDocument=_document(trust))
        arn = f"arn:aws:iam::{OWNER}:role/cross-account-permission/{ROLE}"
        found = self.cloud.client("sts", "owner").assume_role(RoleArn=arn, RoleSessionName="stack")["Credentials"]
        return [found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]]


@contextmanager
def burst_cloud(accounts: int) -> Iterator[BurstCloud]:
    """A cloud with so many accounts besides those of the central parts."""
    more = {f"account-{number}": f"6{number:011}" for number in range(accounts)}
    with TemporaryDirectory() as name:
        directory = Path(name)
        zips = unpacked(directory)
        everybody = {**ACCOUNTS, **more}
        with LocalCloud.start(directory / "cloud", everybody, seconds_between_deployments=0) as cloud:
            yield BurstCloud(cloud, directory, zips)


def _document(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
