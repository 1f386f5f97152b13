"""Whom the scenes hold to be let in is whom the cloud lets in: by real calls of sessions whose own accounts allow them everything."""

from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError
from callers import EXTERNAL_ID, WHO
from deployed_names import HOME, OWNER
from identities import Someone, allow, become, make_role
from operations import Operation
from operations_on_apis import CREATE_ON_API, CREATE_ON_UNDEPLOYED_API
from operations_on_functions import CREATE_INVOCATION
from operations_on_roles import CREATE_ON_ROLE
from owned import STAGE
from scenes import Scene
from stage import Stage

from provider.localcloud import LocalCloud

ALL = ["execute-api:Invoke", "lambda:InvokeFunction", "sts:AssumeRole"]


@pytest.fixture(scope="module")
def sessions(stage: Stage) -> Mapping[str, Someone]:
    """Sessions of those who sign their calls; of the owner's own account the policy alone does not decide."""
    cloud, made = stage.parts.cloud, {}
    for name, arn in WHO.items():
        account, path = arn.split(":")[4], arn.split(":role")[1]
        if account != OWNER:
            folder, _, role = path.rpartition("/")
            accounts = {number: known for known, number in cloud.accounts.items()}
            make_role(cloud, accounts[account], allow(ALL), name=role, path=f"{folder}/")
            made[name] = become(cloud, arn)
    return made


@pytest.mark.parametrize(
    "operation, place",
    [
        (CREATE_INVOCATION, "first"),
        (CREATE_ON_API, "stage"),
        (CREATE_ON_UNDEPLOYED_API, "stage"),
        (CREATE_ON_ROLE, "role"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_call_goes_through_where_the_scene_says_so(
    stage: Stage, sessions: Mapping[str, Someone], operation: Operation, place: str
) -> None:
    """Before the operation and after it."""
    scene = Scene.of(stage, operation)
    arn = stage.places[place]
    scene.begin()
    assert met(stage.parts.cloud, sessions, arn) == said(scene, arn, sessions)
    scene.undisturbed()
    assert met(stage.parts.cloud, sessions, arn) == said(scene, arn, sessions)


def said(scene: Scene, arn: str, sessions: Mapping[str, Someone]) -> set[str]:
    """Of these callers, those whom the scene holds to be let in; of an API's routes, by the one that there is."""
    let_in = scene.callers(scene.stage.look())[arn]
    names = {f"{name}{said}" for name in sessions for said in ("", ": GET/orders", ", by the external id")}
    return {one.removesuffix(": GET/orders") for one in let_in & names}


def met(cloud: LocalCloud, sessions: Mapping[str, Someone], arn: str) -> set[str]:
    """Those whose calls are not refused."""
    ways = {"": {}, ", by the external id": {"ExternalId": EXTERNAL_ID}} if ":iam:" in arn else {"": {}}
    return {
        f"{name}{way}"
        for name, by in sessions.items()
        for way, more in ways.items()
        if goes_through(cloud, by, arn, **more)
    }


def goes_through(cloud: LocalCloud, by: Someone, arn: str, **more: str) -> bool:
    """Whether somebody may invoke a function, get the orders of a stage, or assume a role."""
    try:
        match arn.split(":")[2]:
            case "lambda":
                by.client("lambda").invoke(FunctionName=arn, Payload=b"{}")
            case "iam":
                by.assume(arn, **more)
            case _:
                return status(cloud, by, arn) == 200
    except ClientError as error:
        if not error.response["Error"]["Code"].startswith("AccessDenied"):
            raise
        return False
    return True


def status(cloud: LocalCloud, by: Someone, stage_arn: str) -> int:
    """What a signed GET of /orders gets."""
    api = stage_arn.rpartition(":")[2].partition("/")[0]
    host, path = f"{api}.execute-api.{HOME}.amazonaws.com", f"/{STAGE}/orders"
    asked = AWSRequest("GET", f"http://{host}{path}")
    SigV4Auth(by.session.get_credentials().get_frozen_credentials(), "execute-api", HOME).add_auth(asked)
    connection = HTTPConnection(cloud.endpoint.removeprefix("http://"), timeout=30)
    with closing(connection):
        connection.request("GET", path, headers={"Host": host, **dict(asked.headers.items())})
        return connection.getresponse().status
