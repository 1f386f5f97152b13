"""The Lambda entry as it is deployed, with botocore, over TLS, to AWS's own names."""

import gc
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from function_twins import ENVIRONMENT, HOST, SETTINGS, SIGNATURE, LambdaContext, answered, direct_event, stack_event
from loopback_aws import DYNAMODB, SECRET, STS, TOKEN, LoopbackAws

from provider.function import clients, entry

LOGGERS = (None, "crhelper", "botocore", "botocore.parsers", "botocore.endpoint", "urllib3", "provider.function")


@pytest.fixture
def cold(loopback_aws: LoopbackAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LoopbackAws]:
    """A cold environment in Lambda's manner, whose AWS is on loopback."""
    bundle = tmp_path / "authority.pem"
    loopback_aws.authority.cert_pem.write_to_path(bundle)
    lambda_s = {"AWS_ACCESS_KEY_ID": "ASIAOWN", "AWS_SECRET_ACCESS_KEY": "own", "AWS_SESSION_TOKEN": "own"}
    trust = {"AWS_CA_BUNDLE": str(bundle), "SSL_CERT_FILE": str(bundle)}
    files = {"AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    older = {"AWS_STS_REGIONAL_ENDPOINTS": "legacy"}  # what runtimes with an older botocore do by themselves
    for name, value in {**ENVIRONMENT, **lambda_s, **trust, **files, **older}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    loopback_aws.answer = answered()
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    yield loopback_aws
    clients._library.cache_clear()
    entry._centre.cache_clear()
    gc.collect()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_an_event_goes_through_real_clients_to_the_regional_endpoints(cold: LoopbackAws) -> None:
    """And to no other name; the calls are the three that the request role's policies name."""
    assert entry.handler(stack_event(), LambdaContext()) is None
    assert cold.calls == ["AssumeRole", "PutItem", "GetItem"]
    assert list(dict.fromkeys(cold.names)) == [STS, DYNAMODB, HOST]
    form = parse_qs(cold.forms[0])
    assert (form["RoleSessionName"], form["RoleArn"]) == (["111111111111"], [SETTINGS.request_role])
    assert (form["Tags.member.1.Key"], form["Tags.member.1.Value"]) == (["account"], ["111111111111"])
    assert "Tags.member.2.Key" not in form
    assert cold.requests[0]["Item"]["event"] == {"S": json.dumps(direct_event(), separators=(",", ":"))}
    assert json.loads(cold.bodies[0])["Status"] == "SUCCESS"


def test_a_warm_event_takes_two_calls(cold: LoopbackAws) -> None:
    """The session is kept."""
    entry.handler(stack_event(), LambdaContext())
    entry.handler(stack_event("Delete"), LambdaContext())
    assert cold.calls[3:] == ["PutItem", "GetItem"]


def test_a_direct_event_returns_the_answer(cold: LoopbackAws) -> None:
    """Lambda turns it into JSON."""
    result = entry.handler(direct_event(), LambdaContext())
    assert json.loads(json.dumps(result))["PhysicalResourceId"] == "grant-1"
    assert cold.bodies == []


def test_no_log_at_any_level_holds_a_credential_or_a_response_url(
    cold: LoopbackAws,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """With every logger set to DEBUG, also when sending fails; the properties stay out of the log as well."""
    caplog.set_level(logging.DEBUG)
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG)
    cold.statuses = [503, 200, 403]
    entry.handler(stack_event(), LambdaContext())
    with pytest.raises(Exception, match="HTTP 403"):
        entry.handler(stack_event("Delete"), LambdaContext())
    printed = capfd.readouterr()
    logged = caplog.text + printed.out + printed.err
    for secret in (SIGNATURE, "X-Amz-Signature", HOST, TOKEN, SECRET, "ASIAT0PSECRETID", "token-service"):
        assert secret not in logged
    assert len(caplog.records) == 2


def run(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own."""
    return subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=True)


def test_the_entry_imports_nothing_else_of_the_product_and_no_package_but_crhelper_and_the_runtime_s() -> None:
    """The zip holds the function and crhelper; the runtime holds boto3."""
    code = "import sys, provider.function.entry; print(*sys.modules)"
    modules = set(run(code).stdout.split())
    ours = {name for name in modules if name.startswith("provider.")}
    assert ours
    assert all(name.startswith("provider.function") for name in ours)
    known = {"crhelper", "boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3", "provider"}
    bare = set(run("import sys; print(*sys.modules)").stdout.split())
    foreign = {name.partition(".")[0] for name in modules - bare} - sys.stdlib_module_names - known
    assert {name for name in foreign if not name.startswith("_")} == set()


def test_a_cold_start_does_without_boto3_and_leaves_it_importable() -> None:
    """It is a tenth of the time, and crhelper asks for it only to build clients that are not wanted."""
    code = (
        "import sys, provider.function.entry; print('boto3' in sys.modules); import boto3; print(boto3.client.__name__)"
    )
    assert run(code).stdout.split() == ["False", "client"]
    late = "import boto3, sys, provider.function.entry; print(sys.modules['boto3'] is boto3)"
    assert run(late).stdout.strip() == "True"


def test_importing_the_entry_makes_no_client_and_reads_no_setting() -> None:
    """An initialisation that cannot fail cannot poison; and clients cost time that an event may not need."""
    code = (
        "import botocore.session as s, os\n"
        "s.Session.create_client = None\n"
        "os.environ.clear()\n"
        "import provider.function.entry\n"
    )
    assert run(code).stderr == ""
