"""Which operations are held back until their stack has settled."""

from urllib.parse import urlencode

import pytest

from provider.localcloud.corrections import settling
from provider.localcloud.corrections.settling import Operation, operation


@pytest.mark.parametrize("action", ["CreateStack", "UpdateStack", "DeleteStack", "CreateChangeSet", "ExecuteChangeSet"])
def test_what_changes_a_stack_is_held(action: str) -> None:
    """Each operation after which clients wait."""
    asked = operation(urlencode({"Action": action, "StackName": "s", "ChangeSetName": "c"}).encode())
    assert asked == Operation(action, "s", "c")


@pytest.mark.parametrize("body", [b"Action=DescribeStacks&StackName=s", b"", b"\xff\x00"])
def test_what_only_looks_is_not_held(body: bytes) -> None:
    """Descriptions show a stack while it is busy."""
    assert operation(body) is None


@pytest.mark.parametrize(("name", "same"), [("deploy-1000", True), ("deploy-999", False), ("1000", False)])
@pytest.mark.parametrize("form", ["{}", "arn:aws:cloudformation:us-east-1:111111111111:changeSet/{}/id"])
def test_a_change_set_of_the_aws_cli_outlasts_its_second(
    monkeypatch: pytest.MonkeyPatch, name: str, form: str, *, same: bool
) -> None:
    """The CLI names change sets by the second: the next deployment must not find the name taken."""
    monkeypatch.setattr(settling.time, "time", lambda: 1000.5)
    assert settling._same_second(Operation("ExecuteChangeSet", "", form.format(name))) is same
