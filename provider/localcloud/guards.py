"""What is tried at every start: calls that AWS refuses. A cloud that lets one through is worse than none.

All of it happens in an account of its own, so that nobody's account shows a trace.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from provider.localcloud.failures import FailsOpenError

ACCOUNT = "000000000000"
"""The account in which the guards try; it is in no organization and has no profile."""

_REGION = "us-east-1"
_ROLE = "without-permissions"
_REFUSED = (400, 403)
_WORDS = ("denied", "not authorized", "authentication", "signature", "NoSuchBucket", "token")
"""What a refusal speaks of; any other 400 would mean that the call was not understood, which proves nothing."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call, raw: no client library's model is loaded for it."""

    service: str
    method: str = "POST"
    path: str = "/"
    body: str = ""
    target: str = ""

    def headers(self) -> dict[str, str]:
        """The headers that its protocol needs."""
        if self.target:
            return {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": self.target}
        kind = "application/json" if self.body.startswith("{") else "application/x-www-form-urlencoded"
        return {"Content-Type": kind} if self.method == "POST" else {}


def _query(service: str, version: str, action: str, **parameters: str) -> Request:
    return Request(service, body=urlencode({"Action": action, "Version": version, **parameters}))


_LIST_ROLES = _query("iam", "2010-05-08", "ListRoles")
_FAMILIES: Mapping[str, Request] = {
    "s3": Request("s3", "GET"),
    "dynamodb": Request("dynamodb", body="{}", target="DynamoDB_20120810.ListTables"),
    "lambda": Request("lambda", "GET", "/2015-03-31/functions/"),
    "sts": _query("sts", "2011-06-15", "AssumeRole", RoleArn=f"arn:aws:iam::{ACCOUNT}:role/x", RoleSessionName="xx"),
    "iam": _LIST_ROLES,
    "cloudformation": _query("cloudformation", "2010-05-15", "ListStacks"),
    "apigateway": Request("apigateway", "GET", "/restapis"),
}


def check(port: int, administrator: tuple[str, str]) -> None:
    """Try what must be refused; `administrator` is the key and secret of the guards' own account.

    Raises:
        FailsOpenError: something was let through.
    """
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        _check(_Caller(connection), Credentials(*administrator))
    finally:
        connection.close()


def _check(call: "_Caller", administrator: Credentials) -> None:
    key, _ = administrator.access_key, administrator.secret_key
    call.must_refuse("an unsigned call", _LIST_ROLES, None)
    call.must_refuse("a call signed with a wrong secret", _LIST_ROLES, Credentials(key, "wrong"))
    call.must_refuse("a call signed with an account's id as the key", _LIST_ROLES, Credentials(ACCOUNT, "test"))
    role = _make_role(call, administrator)
    try:
        nobody = _assume(call, administrator, role)
        for family, request in _FAMILIES.items():
            call.must_refuse(f"{family} called by a role without permissions", request, nobody)
        call.must_refuse("a function whose code does not exist", _function_without_code(role), administrator)
    finally:
        call(_query("iam", "2010-05-08", "DeleteRole", RoleName=_ROLE), administrator)


class _Caller:
    """Sends requests over one connection."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection

    def __call__(self, request: Request, who: Credentials | None) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self._connection.port}{request.path}"
        prepared = AWSRequest(request.method, url, data=request.body.encode(), headers=request.headers())
        if who is not None:
            SigV4Auth(who, request.service, _REGION).add_auth(prepared)
        self._connection.request(request.method, request.path, request.body.encode(), dict(prepared.headers.items()))
        answer = self._connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")

    def must_refuse(self, what: str, request: Request, who: Credentials | None) -> None:
        """Try it, and raise unless it is refused as AWS refuses."""
        status, said = self(request, who)
        if status not in _REFUSED or not any(word.lower() in said.lower() for word in _WORDS):
            raise FailsOpenError(f"{what} was answered with HTTP {status}")


def _make_role(call: _Caller, administrator: Credentials) -> str:
    services = {"AWS": f"arn:aws:iam::{ACCOUNT}:root", "Service": "lambda.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": services, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    made = _query("iam", "2010-05-08", "CreateRole", RoleName=_ROLE, AssumeRolePolicyDocument=trust)
    return _between(call, made, administrator, "Arn")("Arn")


def _assume(call: _Caller, administrator: Credentials, role: str) -> Credentials:
    asked = _query("sts", "2011-06-15", "AssumeRole", RoleArn=role, RoleSessionName="guard")
    part = _between(call, asked, administrator, "Credentials")
    return Credentials(part("AccessKeyId"), part("SecretAccessKey"), part("SessionToken"))


def _between(call: _Caller, request: Request, who: Credentials, wanted: str) -> Callable[[str], str]:
    """Send what must succeed, and give out the texts of the answer's XML elements by name."""
    status, said = call(request, who)
    if status != 200 or f"<{wanted}>" not in said:
        raise FailsOpenError(f"the guards could not be set up ({request.body.partition('&')[0]}: HTTP {status})")
    return lambda name: said.partition(f"<{name}>")[2].partition("<")[0]


def _function_without_code(role: str) -> Request:
    wanted: dict[str, Any] = {
        "FunctionName": "without-code",
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": role,
        "Code": {"S3Bucket": "no-such-bucket-anywhere", "S3Key": "code.zip"},
    }
    return Request("lambda", path="/2015-03-31/functions", body=json.dumps(wanted))
