"""The cloud's process: it lets nothing open, serves AWS's hosts, and leaves nothing behind."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session
from botocore.exceptions import ClientError

from provider.localcloud import LocalCloud, LocalCloudError, guards, process

ONE = {"consumer": "111111111111"}


def _group(cloud: LocalCloud) -> int:
    return cloud._process.child.pid


def _gone(group: int) -> bool:
    """Whether a process group has no member left that runs."""
    listed = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True).stdout
    return not any(int(line.split()[0]) == group and "Z" not in line.split()[1] for line in listed.splitlines())


def _until(true: Callable[[], bool], seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


@pytest.mark.parametrize("key", ["111111111111", "test", "AKIALOCL999999999999", ""])
def test_a_key_that_no_account_issued_is_refused(cloud: LocalCloud, key: str) -> None:
    """Neither an account's id nor any other invented key lets anybody in."""
    session = Session(aws_access_key_id=key or "x", aws_secret_access_key="test", region_name="us-east-1")
    with pytest.raises(ClientError) as refused:
        session.client("iam", endpoint_url=cloud.endpoint).list_roles()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_a_wrong_secret_is_refused(cloud: LocalCloud) -> None:
    """The administrator's key alone is not enough."""
    key, _ = cloud.settings.administrators["111111111111"]
    session = Session(aws_access_key_id=key, aws_secret_access_key="wrong", region_name="us-east-1")
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        session.client("iam", endpoint_url=cloud.endpoint).list_roles()


@pytest.mark.parametrize("path", ["/?Action=ListRoles&Version=2010-05-08", "/2015-03-31/functions/", "/restapis", "/"])
def test_an_unsigned_call_is_refused(cloud: LocalCloud, path: str) -> None:
    """Nobody is served without a signature."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(cloud.endpoint + path)  # noqa: S310 - our own endpoint
    refused.value.close()
    assert refused.value.code == 403


@pytest.mark.parametrize("path", ["/_ministack/reset", "/_ministack/config", "/_local/calls", "/_localstack/health"])
def test_the_insides_are_not_open(cloud: LocalCloud, path: str) -> None:
    """No path of the base or of the cloud itself can be used from outside."""
    request = urllib.request.Request(cloud.endpoint + path, data=b"{}", method="POST")  # noqa: S310 - our own endpoint
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)  # noqa: S310 - our own endpoint
    refused.value.close()
    assert refused.value.code in (403, 404)


def test_a_service_that_is_not_offered_says_so(cloud: LocalCloud) -> None:
    """An unknown service fails clearly rather than with success."""
    with pytest.raises(ClientError, match="not offered by the local cloud"):
        cloud.client("polly", "consumer").describe_voices()


def test_calls_are_recorded_without_credentials(cloud: LocalCloud) -> None:
    """Who called what, where, and how it ended; nothing that would let anybody in."""
    name = f"bucket-{time.monotonic_ns()}"
    cloud.client("s3", "owner").create_bucket(Bucket=name)
    with pytest.raises(ClientError):
        cloud.client("s3", "consumer").get_object(Bucket=name, Key="k")
    made, refused = (call for call in cloud.calls() if f"arn:aws:s3:::{name}" in call.resource)
    assert (made.account, made.principal) == ("333333333333", "arn:aws:iam::333333333333:user/administrator")
    assert (made.service, made.action, made.region, made.status) == ("s3", "CreateBucket", "us-east-1", 200)
    assert (refused.account, refused.action, refused.status) == ("111111111111", "GetObject", 403)
    assert refused.error == "AccessDenied"
    key, secret = cloud.settings.administrators["333333333333"]
    assert key not in repr(cloud.calls())
    assert secret not in repr(cloud.calls())


def test_the_profiles_lead_the_aws_cli_here(cloud: LocalCloud) -> None:
    """Each account has a profile with the endpoint in it, and its keys are for the user alone."""
    environment = cloud.environment("owner")
    assert not [name for name in environment if name.startswith(("SSL_CERT", "AWS_CA"))]
    code = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "arn:aws:iam::333333333333:user/administrator"
    assert cloud.credentials_file.stat().st_mode & 0o077 == 0


HOSTS = """
import boto3, urllib.request
def handler(event, context):
    name, seen = event["bucket"], {}
    for region in ("us-east-1", "eu-west-1"):
        s3 = boto3.client("s3", region)
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=f"{name}-{region}", **place)
        s3.put_object(Bucket=f"{name}-{region}", Key="a key/ü", Body=b"body")
        seen[region] = s3.get_object(Bucket=f"{name}-{region}", Key="a key/ü")["Body"].read().decode()
        url = s3.generate_presigned_url("get_object", Params={"Bucket": f"{name}-{region}", "Key": "a key/ü"})
        seen[f"presigned {region}"] = urllib.request.urlopen(url).read().decode()
        for service, ask in (("dynamodb", "list_tables"), ("lambda", "list_functions"), ("sqs", "list_queues"),
                             ("apigateway", "get_rest_apis"), ("cloudformation", "list_stacks"), ("iam", "list_roles"),
                             ("logs", "describe_log_groups"), ("events", "list_rules"), ("sts", "get_caller_identity"),
                             ("apigatewayv2", "get_apis"), ("ssm", "describe_parameters"), ("kms", "list_keys")):
            getattr(boto3.client(service, region), ask)()
            seen[f"{service} {region}"] = boto3.client(service, region).meta.endpoint_url
    return seen
"""


def test_awss_host_names_lead_to_their_services(
    make_function: Callable[..., str], invoke: Callable[..., tuple[Any, str]]
) -> None:
    """In a function, every client works with the hosts that it has by itself; buckets have hosts of their own."""
    arn = make_function(HOSTS, allowed="*", Timeout=60)
    seen, error = invoke(arn, {"bucket": arn.rsplit(":", 1)[-1]})
    assert error == "", seen
    assert seen["us-east-1"] == seen["eu-west-1"] == seen["presigned eu-west-1"] == "body"
    assert seen["dynamodb eu-west-1"].endswith(".eu-west-1.amazonaws.com")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LocalCloud]:
    """A cloud that a test may end."""
    with LocalCloud.start(directory=tmp_path / "own", accounts=ONE) as running:
        yield running


def test_stop_leaves_nothing_even_while_a_function_runs(own: LocalCloud, zipped: Any) -> None:
    """Within three seconds the processes and the temporary files are gone."""
    iam, functions = own.client("iam", "consumer"), own.client("lambda", "consumer")
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    source = "import time\ndef handler(event, context):\n    print('running')\n    time.sleep(60)"
    code = {"ZipFile": zipped(source)}
    functions.create_function(
        FunctionName="f", Runtime="python3.12", Handler="index.handler", Role=role, Code=code, Timeout=60
    )

    def call() -> None:
        with contextlib.suppress(Exception):  # an error or an end of the connection, as it happens
            functions.invoke(FunctionName="f")

    caller = threading.Thread(target=call)
    caller.start()
    assert _until(lambda: "running" in own.logs(), 10)
    started = time.monotonic()
    own.stop()
    assert time.monotonic() - started < 3
    assert _gone(_group(own))
    assert list(own.directory.glob("run-*")) == []
    caller.join(10)


def _foreground(directory: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "provider.localcloud", "--accounts", "consumer=111111111111", "--port", "0"]
    return subprocess.Popen([*command, "--directory", str(directory)], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, -9)])
def test_the_cloud_ends_with_who_started_it(tmp_path: Path, sent: int, code: int) -> None:
    """Ctrl-C, a termination and even a sudden death of the parent leave no process and no temporary file."""
    with _foreground(tmp_path) as parent:
        assert parent.stdout is not None
        line = parent.stdout.readline()
        assert line.startswith("ready on http://127.0.0.1:")
        assert f"AWS_CONFIG_FILE={tmp_path}/config" in line
        port = int(line.split()[2].rstrip(";").rpartition(":")[2])
        parent.send_signal(sent)
        assert parent.wait(5) == code
    assert _until(lambda: list(tmp_path.glob("run-*")) == [])
    assert _until(lambda: _refuses(port))


def _refuses(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_only_the_loopback_interface_is_served(cloud: LocalCloud) -> None:
    """The ports are not open to the network."""
    for port in (cloud._process.http_port, cloud._process.tls_port):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.2", port)) != 0  # which leads to whoever serves all addresses


def test_a_taken_port_is_said(cloud: LocalCloud, tmp_path: Path) -> None:
    """The sentence names the port, and nothing is left behind."""
    port = cloud._process.http_port
    with pytest.raises(LocalCloudError, match=f"Port {port} on 127.0.0.1 is taken"):
        LocalCloud.start(directory=tmp_path, accounts=ONE, port=port)
    assert list(tmp_path.glob("run-*")) == []


def test_a_cloud_that_lets_through_what_aws_refuses_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the base's authorization off, the start says what failed open."""
    monkeypatch.setattr(process, "_BASE", {**process._BASE, "AUTH": "false"})
    with pytest.raises(LocalCloudError, match="it fails open: an unsigned call was answered with HTTP 200"):
        LocalCloud.start(directory=tmp_path, accounts=ONE)
    assert list(tmp_path.glob("run-*")) == []


@pytest.mark.parametrize("family", list(guards._FAMILIES))
def test_every_family_of_calls_is_tried_at_the_start(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch, family: str
) -> None:
    """If one family let a caller without permissions in, the cloud would not start."""
    open_ = guards._Caller.__call__

    def leaking(self: Any, request: Any, who: Any) -> tuple[int, str]:
        if request is guards._FAMILIES[family] and who is not None and who.token:
            return 200, "{}"
        return open_(self, request, who)

    monkeypatch.setattr(guards._Caller, "__call__", leaking)
    with pytest.raises(LocalCloudError, match=f"{family} called by a role without permissions"):
        guards.check(cloud._process.http_port, cloud.settings.administrators[guards.ACCOUNT])
