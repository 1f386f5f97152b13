"""`crossaccount demo`: the life of one permission, on the local cloud, for a person to watch. Each step is checked."""

import json
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import click
from botocore.exceptions import ClientError
from rich.console import Console
from rich.json import JSON
from rich.panel import Panel
from rich.text import Text

from provider.cli.errors import CommandError, ExitCode
from provider.cli.organization import ACCOUNTS, organization
from provider.cli.package import DIRECTORY
from provider.cli.tables import OutputConsole
from provider.localcloud import LocalCloud
from provider.localcloud.environments import Environment, ensure
from provider.packaging.contents import Checkout

_TARGET = f"{ACCOUNTS['owner']}/token-service"


@click.command(epilog="\b\nExample:\n  crossaccount demo\n")
@DIRECTORY
def command(directory: Path) -> None:
    """Show what happens when a stack asks for a permission in another account: granted, narrowed, refused, deleted.

    Everything is real but AWS itself: CloudFormation stacks deployed by the AWS CLI, the Lambda zips, IAM enforced.
    """
    console = OutputConsole(highlight=False)
    console.print(Panel("Cross-account permissions for CloudFormation, on a local AWS", style="bold"))
    aws = ensure(Environment.AWSCLI) / "bin" / "aws"
    with (
        tempfile.TemporaryDirectory() as files,
        organization(Path(files), zips=directory, tell=lambda step: console.print(f"[dim]… {step}[/]")) as cloud,
    ):
        Demo(console, cloud, aws, Checkout.here().root / "templates" / "examples").run()


@dataclass(slots=True)
class Demo:
    """One run: what is shown goes to `console`, what is done goes through the AWS CLI at `aws`."""

    console: Console
    cloud: LocalCloud
    aws: Path
    examples: Path
    function: str = ""
    steps: int = field(default=0)

    def run(self) -> None:
        """All steps; each raises `CommandError` where it is not as it should be."""
        self.published()
        api = self.granted()
        self.narrowed(api)
        self.refused()
        self.deleted()
        self.console.print("\n[bold green]All of it was checked as it happened.[/]")

    def published(self) -> None:
        """The owner publishes its token service for one account."""
        self._step("The owner publishes its token service, for the consumer's account alone")
        self._deploy("owner", "token-service", "token-service", ConsumerAccountIds=ACCOUNTS["consumer"])
        self.function = self._output("owner", "token-service", "TargetArn")
        self._show("before")
        self._expect("the function has no policy yet", self._policy() is None)

    def granted(self) -> str:
        """A consumer's stack asks for a permission, and has it when the deployment ends."""
        self._step("A consumer deploys an API with that authorizer; its stack asks for the permission itself")
        self._deploy("consumer", "orders", "orders-api", Target=_TARGET)
        api = self._output("consumer", "orders", "ApiId")
        self._show("after")
        self._expect("exactly this API may invoke it", self._sources() == [self._source(api, "*")])
        self._call(expected=200)
        return api

    def narrowed(self, api: str) -> None:
        """An update to one authorizer, with never a moment in which neither statement stood."""
        self._step("An update narrows it to one authorizer; somebody watches that it never stands open or shut between")
        authorizer = self._output("consumer", "orders", "AuthorizerId")
        wide, narrow = self._source(api, "*"), self._source(api, authorizer)
        with self._watching() as seen:
            self._deploy("consumer", "orders", "orders-api", Target=_TARGET, OnlyAuthorizerId=authorizer)
        self._show("after")
        self.console.print(f"  looked at {len(seen)} times during the update")
        self._expect("one of the two stood at every moment", all({wide, narrow} & set(sources) for sources in seen))
        self._expect("only the narrow one is left", self._sources() == [narrow])
        self._call(expected=200)

    def refused(self) -> None:
        """An account that the owner does not allow is refused, and its stack says why."""
        self._step("Another account of the organization asks for the same")
        self._deploy("intruder", "orders", "orders-api", fails=True, Target=_TARGET)
        reason = self._failure("intruder", "orders")
        self.console.print(f"  [red]{reason}[/]", soft_wrap=True)
        allowed = f"Account {ACCOUNTS['intruder']} is not allowed" in reason and "AllowedAccounts" in reason
        self._expect("the stack's events name the reason and the remedy", allowed)
        self._expect("nothing of it is in the policy", all(ACCOUNTS["intruder"] not in one for one in self._sources()))

    def deleted(self) -> None:
        """Deleting the stacks leaves nothing."""
        self._step("The consumer deletes its stack, then the owner")
        self._aws("consumer", "cloudformation", "delete-stack", "--stack-name", "orders")
        self._aws("consumer", "cloudformation", "wait", "stack-delete-complete", "--stack-name", "orders")
        self._expect("the function has no policy any more", self._policy() is None)
        self._aws("owner", "cloudformation", "delete-stack", "--stack-name", "token-service")
        self._aws("owner", "cloudformation", "wait", "stack-delete-complete", "--stack-name", "token-service")
        self._expect("no request is left unanswered", self._unanswered() == 0)
        self._expect("no grant and no target is left in the ledger", self._rows() == [])

    # --- what is done ----------------------------------------------------------------------------

    def _deploy(self, account: str, stack: str, template: str, *, fails: bool = False, **parameters: str) -> None:
        overrides = [f"{name}={value}" for name, value in parameters.items()]
        file = str(self.examples / f"{template}.yaml")
        arguments = ["--stack-name", stack, "--template-file", file, "--capabilities", "CAPABILITY_IAM"]
        self._aws(account, "cloudformation", "deploy", *arguments, "--parameter-overrides", *overrides, fails=fails)

    def _aws(self, account: str, *arguments: str, fails: bool = False) -> str:
        shown = " ".join(argument.replace(f"{self.examples.parents[1]}/", "") for argument in arguments)
        self.console.print(f"  [cyan]$ aws --profile {account} {shown}[/]", soft_wrap=True)
        done = subprocess.run(  # noqa: S603 - our own AWS CLI with the arguments above
            [self.aws, *arguments],
            env=self.cloud.environment(account),
            capture_output=True,
            text=True,
            check=False,
        )
        if (done.returncode != 0) != fails:
            self._fail(done.stderr.strip() or done.stdout.strip() or f"aws ended with {done.returncode}")
        return done.stdout

    def _call(self, expected: int) -> None:
        """Call the consumer's API with the demonstration's token, under its own host name."""
        url = self._output("consumer", "orders", "OrdersUrl")
        self.console.print(f"  [cyan]$ curl -H 'Authorization: Bearer demo-token' {url}[/]", soft_wrap=True)
        parts = urlsplit(url)
        connection = HTTPConnection(self.cloud.endpoint.removeprefix("http://"), timeout=30)
        try:
            connection.request("GET", parts.path, headers={"Host": parts.netloc, "Authorization": "Bearer demo-token"})
            status = connection.getresponse().status
        finally:
            connection.close()
        self._expect(f"the API answers {expected}: API Gateway may call the authorizer", status == expected)

    @contextmanager
    def _watching(self) -> Iterator[list[list[str]]]:
        """What the policy lets in, looked at as often as possible meanwhile."""
        seen: list[list[str]] = []
        over = threading.Event()

        def watch() -> None:
            while not over.is_set():
                seen.append(self._sources())

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield seen
        finally:
            over.set()
            watcher.join()

    # --- what is looked at -----------------------------------------------------------------------

    def _policy(self) -> dict[str, Any] | None:
        try:
            found = self.cloud.client("lambda", "owner").get_resource_policy(ResourceArn=self.function)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise
        document: dict[str, Any] = json.loads(found["Policy"])
        return document

    def _sources(self) -> list[str]:
        policy = self._policy() or {"Statement": []}
        found = [one["Condition"]["ArnLike"]["AWS:SourceArn"] for one in policy["Statement"]]
        return sorted(source for one in found for source in ([one] if isinstance(one, str) else one))

    def _source(self, api: str, authorizer: str) -> str:
        return f"arn:aws:execute-api:{self.cloud.region}:{ACCOUNTS['consumer']}:{api}/authorizers/{authorizer}"

    def _output(self, account: str, stack: str, key: str) -> str:
        found = self.cloud.client("cloudformation", account).describe_stacks(StackName=stack)["Stacks"][0]
        return str(next(one["OutputValue"] for one in found["Outputs"] if one["OutputKey"] == key))

    def _failure(self, account: str, stack: str) -> str:
        events = self.cloud.client("cloudformation", account).describe_stack_events(StackName=stack)["StackEvents"]
        failed = [one["ResourceStatusReason"] for one in events if one["ResourceStatus"] == "CREATE_FAILED"]
        return str(failed[-1]) if failed else "no resource failed"

    def _unanswered(self) -> int:
        name = "cross-account-permission-requests"
        count: int = self.cloud.client("dynamodb", "central").scan(TableName=name, Select="COUNT")["Count"]
        return count

    def _rows(self) -> Sequence[str]:
        items = self.cloud.client("dynamodb", "central").scan(TableName="cross-account-permission-grants")["Items"]
        return [one["sk"]["S"] for one in items if one["pk"]["S"].startswith("TARGET#")]

    # --- what is shown ---------------------------------------------------------------------------

    def _step(self, text: str) -> None:
        self.steps += 1
        self.console.print(f"\n[bold]{self.steps}. {text}[/]", soft_wrap=True)

    def _show(self, when: str) -> None:
        self.console.print(f"  [dim]the function's policy {when}:[/]")
        policy = self._policy()
        shown = JSON(json.dumps(policy)).text if policy else Text("(no policy)", style="yellow")
        for line in shown.split():
            self.console.print(Text("    ").append_text(line), soft_wrap=True)

    def _expect(self, what: str, holds: bool) -> None:
        if not holds:
            self._fail(f"Not so: {what}")
        self.console.print(f"  [green]✓[/] {what}")

    def _fail(self, text: str) -> NoReturn:
        log = self.cloud.directory / "cloud.log"
        raise CommandError(f"{text.rstrip('.')}. Report it with the output above ({log.name}).", ExitCode.NEGATIVE)
