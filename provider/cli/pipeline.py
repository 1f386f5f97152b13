"""A pipeline as an origin: it asks the provider function of its own account and Region, as CloudFormation does for a stack.

The event is CloudFormation's, less its ResponseURL, so that the answer is the invocation's result (docs/aws-behaviour.md §5).
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import boto3
import click
from botocore.config import Config
from botocore.exceptions import ClientError, NoRegionError

from provider.cli.errors import CommandError, ExitCode
from provider.core import properties

FUNCTION = "cross-account-permission"

_STACK = "crossaccount-pipeline"
"""In place of the unique id in a stack's ARN, so that no stack is ever taken for a pipeline, nor the other way round."""
_WITHDRAWN = "withdrawn-by-pipeline"
"""No id of anything: a Delete of it settles an origin to nothing (`provider.core.settling`)."""
_PATIENCE = Config(read_timeout=150, connect_timeout=10)  # the function may wait for 120 s
_NAME = re.compile(r"[A-Za-z0-9]{1,255}")
_PIPELINE = re.compile(r"[A-Za-z0-9-]{1,128}")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A pipeline of an account and Region, by its name there; what it asks for, it asks under names of its own."""

    lambda_client: Any
    partition: str
    region: str
    account: str
    name: str

    @classmethod
    def of(cls, name: str, profile: str | None, region: str | None) -> Self:
        """The pipeline that has these credentials."""
        session = boto3.Session(profile_name=profile, region_name=region)
        if session.region_name is None:
            raise NoRegionError
        identity = session.client("sts").get_caller_identity()
        client = session.client("lambda", config=_PATIENCE)
        return cls(client, identity["Arn"].split(":")[1], session.region_name, identity["Account"], name)

    @property
    def service_token(self) -> str:
        """The provider function's ARN."""
        return f"arn:{self.partition}:lambda:{self.region}:{self.account}:function:{FUNCTION}"

    def request(self, name: str, resource_type: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Ask that what `name` stands for be exactly this, whatever it was before.

        Always as a Create, which settles the origin to what it asks: once or often, for the first time or changed. The function
        sees to it that what stood stands until then (docs/decisions/0019).
        """
        return self._sent(name, resource_type, "Create", asked, {})

    def withdraw(self, name: str) -> dict[str, Any]:
        """Give up whatever `name` stands for; of what type it is does not matter."""
        return self._sent(name, properties.PERMISSION, "Delete", {}, {"PhysicalResourceId": _WITHDRAWN})

    def _sent(
        self, name: str, resource_type: str, request_type: str, asked: Mapping[str, Any], more: Mapping[str, str]
    ) -> dict[str, Any]:
        event = {
            "RequestType": request_type,
            "StackId": f"arn:{self.partition}:cloudformation:{self.region}:{self.account}:stack/{self.name}/{_STACK}",
            "LogicalResourceId": name,
            "ResourceType": resource_type,
            "ResourceProperties": {**asked, "ServiceToken": self.service_token},
            **more,
        }
        try:
            answer = self.lambda_client.invoke(FunctionName=FUNCTION, Payload=json.dumps(event).encode())
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            raise CommandError(self._no_function(), ExitCode.REFUSED) from error
        found: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise CommandError(_reason(found), ExitCode.REFUSED)
        return found

    def _no_function(self) -> str:
        return (
            f"There is no function {FUNCTION} in account {self.account}, Region {self.region}. "
            "Deploy templates/account-provider.yaml there, or name another Region by --region."
        )


def _reason(failure: Mapping[str, Any]) -> str:
    """The centre's reason, or what has befallen the function itself."""
    words = " ".join(str(failure.get("errorMessage") or "it does not say why").split())
    # What the function says of itself ends with what to do; what Lambda says of it does not.
    if "errorType" in failure and not str(failure["errorType"]).startswith(("Runtime", "Sandbox", "Function")):
        return words
    return (
        f"The provider function failed: {words.rstrip('.')}. See its log group /aws/lambda/{FUNCTION} in this account."
    )


def _checked(pattern: re.Pattern[str], what: str) -> Callable[[click.Context, click.Parameter, str], str]:
    def check(_: click.Context, __: click.Parameter, text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise click.BadParameter(f"{text!r} is no such name. Use {what}.")
        return text

    return check


NAME = click.argument("name", callback=_checked(_NAME, "1 to 255 letters and digits, such as OrdersPermission"))
PIPELINE = click.option(
    "--pipeline",
    default="pipeline",
    show_default=True,
    callback=_checked(_PIPELINE, "1 to 128 letters, digits and hyphens, such as deploy-orders"),
    help="The pipeline's own name, so that several of one account keep their NAMEs apart.",
)
PROFILE = click.option("--profile", help="AWS profile of the account that asks; your default one unless told.")
REGION = click.option("--region", help="Region of the provider function; the profile's unless told.")
OUTPUT = click.option(
    "--output",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="How to print the answer.",
)


def show(answer: Mapping[str, Any], output: str) -> None:
    """Print an answer: as JSON the whole of it, as a table what it tells."""
    if output == "json":
        click.echo(json.dumps(answer, indent=2, sort_keys=True))
        return
    told = {name: value for name, value in answer["Data"].items() if value not in ("", [])}
    width = max((len(name) for name in told), default=0)
    for name, value in told.items():
        click.echo(f"{name:<{width}}  {', '.join(value) if isinstance(value, list) else value}")
