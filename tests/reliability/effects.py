"""What a call has done once AWS has taken it, as far as anybody outside can see it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from deployed_names import HOME, OWNER, PATH


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer was put into the answers table: the request's id."""

    request: str


@dataclass(frozen=True, slots=True)
class Written:
    """A policy was written: the ARN by which the controller knows what has it, and the document, None where it was removed."""

    arn: str
    document: Any


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stage was deployed, at a time: its ARN, the deployment's id, and the policy that its API had just then."""

    arn: str
    deployment: str
    document: Any
    at: float

    @property
    def api(self) -> str:
        """The API that has the policy."""
        return self.arn.rpartition("/")[0]


Effect = Answered | Written | Deployed


def effects(operation: str, request: Any) -> Iterator[Effect]:
    """What a call is to do; a deployment gets its id, its policy and its time when it has been made."""
    path = urlsplit(request.url).path
    match operation:
        case "lambda.PutResourcePolicy" | "lambda.DeleteResourcePolicy":
            sent = json.loads(request.body or "{}")
            yield Written(unquote(path.rpartition("/")[2]), json.loads(sent["Policy"]) if "Policy" in sent else None)
        case "iam.UpdateAssumeRolePolicy":
            form = {name: values[0] for name, values in parse_qs(_text(request.body)).items()}
            yield Written(f"arn:aws:iam::{OWNER}:role{PATH}{form['RoleName']}", json.loads(form["PolicyDocument"]))
        case "api-gateway.UpdateRestApi":
            for patch in json.loads(request.body)["patchOperations"]:
                assert (patch["op"], patch["path"]) == ("replace", "/policy"), patch
                yield Written(_api(path), json.loads(patch["value"]) if patch["value"] else None)
        case "api-gateway.CreateDeployment":
            yield Deployed(f"{_api(path)}/{json.loads(request.body)['stageName']}", "", None, 0.0)
        case "dynamodb.PutItem":
            yield from _answer(json.loads(request.body))
        case "dynamodb.TransactWriteItems":
            for one in json.loads(request.body)["TransactItems"]:
                yield from _answer(one.get("Put", {}))


def _answer(put: Any) -> Iterator[Answered]:
    if put.get("TableName", "").endswith("-answers"):
        yield Answered(put["Item"]["request"]["S"])


def _api(path: str) -> str:
    """The API of a call below `/restapis/`."""
    return f"arn:aws:execute-api:{HOME}:{OWNER}:{path.split('/')[2]}"


def _text(body: Any) -> str:
    return body.decode() if isinstance(body, bytes) else str(body)
