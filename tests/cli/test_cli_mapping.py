"""The permission map as data, and its plain forms."""

import json

from provider.cli.listings import GrantLine
from provider.cli.mapping import PermissionMap, as_dot, as_json, as_mermaid

HOSTILE = '333333333333/</script>"]\n<b>\\'


def grant(account: str, target: str = "333333333333/token-service") -> GrantLine:
    return GrantLine(
        target, "default", account, "Authorizer", "InForce", "", "", "", "arn", (), "stack", "Asks", account
    )


def test_an_account_that_only_owns_and_one_that_only_holds_are_both_on_the_map() -> None:
    assert PermissionMap.of([], [grant("111111111111")]).accounts == ("111111111111", "333333333333")


def test_a_thousand_grants_of_one_account_on_one_target_are_one_edge_and_stay_a_thousand_grants() -> None:
    drawn = PermissionMap.of([], [grant("111111111111")] * 1000)
    assert drawn.edges == (("a333333333333", "t0", "owns"), ("t0", "a111111111111", "Authorizer"))
    assert len(json.loads(as_json(drawn))["grants"]) == 1000


def test_a_hostile_name_neither_ends_its_label_nor_its_line() -> None:
    drawn = PermissionMap.of([], [grant("111111111111", HOSTILE)])
    assert '  t0 [label="333333333333/</script>\\"] <b>\\\\ (default)"];' in as_dot(drawn).splitlines()
    mermaid = as_mermaid(drawn)
    assert len(mermaid.splitlines()) == 6
    assert "<" not in mermaid
    assert "\\" not in mermaid
    assert mermaid.count('"') == 10
    assert json.loads(as_json(drawn))["grants"][0]["target"] == HOSTILE
