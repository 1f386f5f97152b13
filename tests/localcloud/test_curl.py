"""curl, as people call APIs with it: under their own names on AWS."""

import json
import shutil
import subprocess

import pytest
from rest_apis import ANSWER, make_api, statement

from provider.localcloud import LocalCloud


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_curl_reaches_an_api_under_its_own_host(cloud: LocalCloud, region: str) -> None:
    """CURL_HOME says where AWS's hosts are here, and whose certificates they have."""
    api = make_api(cloud, region=region).opened(statement())
    command = ["curl", "--silent", "--show-error", "--max-time", "20", f"https://{api.host}/live/"]
    environment = cloud.environment("owner")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ANSWER
