"""Which tests a run consists of: one for each point, one for each imitation of the local cloud, and the system as a whole."""

import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from points import POINTS

from provider import localcloud
from provider.localcloud.behaviour import TABLE

_MAINS = ("__main__", "sitecustomize")
_GRANTS = "tests/end_to_end/test_grants_end_to_end.py"
_TYPES = "tests/end_to_end/test_grant_types_end_to_end.py"
SYSTEM = {
    "propagation": "tests/conformance/installation.py::test_a_permission_takes_effect_and_ends",
    **{
        test.removeprefix("test_").replace("_", "-"): f"{file}::{test}"
        for file, test in (
            (_GRANTS, "test_the_plain_example_is_granted_narrowed_and_deleted"),
            (_GRANTS, "test_callers_get_through_the_authorizer_for_as_long_as_the_owner_allows"),
            (_GRANTS, "test_a_moved_target_interrupts_nobody_and_a_changed_revision_tells_the_new_arn"),
            (_GRANTS, "test_an_update_that_fails_elsewhere_is_rolled_back_to_what_stood_before"),
            (_GRANTS, "test_a_create_that_fails_elsewhere_leaves_nothing"),
            (_GRANTS, "test_a_function_without_the_owners_tag_is_not_published"),
            (_GRANTS, "test_a_delete_works_when_the_function_has_gone"),
            (_GRANTS, "test_no_request_stays_unanswered"),
            (_TYPES, "test_a_role_invokes_a_function_of_another_account_while_it_is_granted"),
            (_TYPES, "test_a_signed_call_of_a_rest_api_is_served_while_it_is_granted"),
            (_TYPES, "test_a_role_of_another_account_is_assumed_while_it_is_granted"),
        )
    },
}
"""The system on real accounts, by name: tests that show it on the local cloud, and what only time on AWS shows."""
KINDS = ("point", "system", "imitation")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the report: `says` is what is expected; without `test` it is not checked, for `reason`."""

    kind: str
    name: str
    says: str
    test: str = ""
    reason: str = ""


def rows() -> list[Row]:
    """All of them: points, then the system, then imitations by call."""
    return [
        *(Row("point", point.name, point.assumed, point.test, point.reason) for point in POINTS),
        *(Row("system", name, name.replace("-", " "), test) for name, test in SYSTEM.items()),
        *(Row("imitation", row.test.rpartition("::")[2], f"{row.call}: {row.expected}", row.test) for row in table()),
    ]


def table() -> list[localcloud.behaviour.Behaviour]:
    """The local cloud's behaviour table, whole."""
    for module in pkgutil.walk_packages(localcloud.__path__, f"{localcloud.__name__}."):
        if module.name.rpartition(".")[2] not in _MAINS:
            import_module(module.name)
    return sorted(set(TABLE))


def chosen(only: Sequence[str]) -> list[Row]:
    """The rows of these names or kinds; all where none is given.

    Raises:
        KeyError: there is no row of such a name.
    """
    everything = rows()
    names = {row.name for row in everything} | set(KINDS)
    if unknown := [name for name in only if name not in names]:
        raise KeyError(unknown[0])
    return [row for row in everything if not only or {row.name, row.kind} & set(only)]
