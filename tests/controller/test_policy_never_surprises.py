"""The first statement of a policy shuts nobody out unasked, and the last one lets nobody in (docs/aws-behaviour.md §3, §4)."""

from typing import Any

import pytest
from centre import CONSUMER, OWNER, Centre
from resources import API, OWN_TRUST, PRIVATE, ROLE, asked, create_all, published

from provider.core.identifiers import Arn

OPEN = ("GET /health", "GET /orders", "OPTIONS /orders")
THEIRS = {
    "Sid": "theirs",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "execute-api:Invoke",
    "Resource": f"{API}/*",
    "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
}


@pytest.fixture
def centre() -> Centre:
    created = Centre()
    create_all(created)
    return created


def publish(centre: Centre, kind: str = "api", **given: Any) -> str:
    answer = centre.ask(OWNER, published(kind, **given).event("Create"))
    assert answer.status == "SUCCESS", answer.reason
    return answer.physical_id


def create(centre: Centre, kind: str = "api") -> Any:
    return centre.ask(CONSUMER, asked(kind, "AssumeRole" if kind == "role" else "ExecuteApi").event("Create"))


def delete(centre: Centre, known: str, kind: str = "api") -> Any:
    event = asked(kind, "AssumeRole" if kind == "role" else "ExecuteApi").event("Delete", known)
    return centre.ask(CONSUMER, event)


def opened(centre: Centre) -> Any:
    centre.policies.apis[Arn(API)].open_methods = OPEN
    return centre.policies.apis[Arn(API)]


def test_a_first_statement_that_would_shut_out_callers_is_refused_and_says_whom(centre: Centre) -> None:
    opened(centre)
    publish(centre)
    answer = create(centre)
    assert answer.status == "FAILED"
    assert "GET /health, GET /orders and 1 more" in answer.reason
    assert answer.reason.endswith("Have its owner choose MethodsWithoutAuthorization: Close.")
    assert (centre.policies.document(API), centre.policies.writes) == (None, [])


def test_where_a_policy_stands_already_nothing_is_closed_anew(centre: Centre) -> None:
    opened(centre)
    centre.policies.put(Arn(API), {"Version": "2012-10-17", "Statement": [THEIRS]})
    publish(centre)
    first = create(centre)
    assert first.status == "SUCCESS"
    assert centre.policies.document(API)["Statement"][0] == THEIRS
    assert delete(centre, first.physical_id).status == "SUCCESS"
    assert centre.policies.document(API)["Statement"] == [THEIRS]


def test_methods_that_all_need_authorization_are_no_reason_to_refuse_or_to_leave_anything(centre: Centre) -> None:
    publish(centre)
    first = create(centre)
    assert first.status == "SUCCESS"
    delete(centre, first.physical_id)
    assert centre.policies.document(API) is None


def test_closed_methods_stay_closed_after_the_last_grant(centre: Centre) -> None:
    """A Delete is never refused for it; what stays lets nobody in, and goes when the next grant comes."""
    opened(centre)
    publish(centre, MethodsWithoutAuthorization="Close")
    first = create(centre)
    assert first.status == "SUCCESS"
    assert delete(centre, first.physical_id).status == "SUCCESS"
    [left] = centre.policies.document(API)["Statement"]
    assert left["Sid"].endswith("Closed")
    assert left["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "none"}}
    assert create(centre).status == "SUCCESS"
    assert [one["Sid"].endswith("Closed") for one in centre.policies.document(API)["Statement"]] == [False]


def test_closed_methods_open_again_where_their_owner_says_so(centre: Centre) -> None:
    opened(centre)
    publish(centre, MethodsWithoutAuthorization="CloseWhileGranted")
    first = create(centre)
    delete(centre, first.physical_id)
    assert centre.policies.document(API) is None


def test_what_has_been_unpublished_stays_closed(centre: Centre) -> None:
    """Nobody says any more that it may open."""
    opened(centre)
    target = publish(centre, MethodsWithoutAuthorization="Close", AllowDeletionWithConsumers="true")
    create(centre)
    event = published("api", MethodsWithoutAuthorization="Close", AllowDeletionWithConsumers="true")
    assert centre.ask(OWNER, event.event("Delete", target)).status == "SUCCESS"
    assert [one["Sid"].endswith("Closed") for one in centre.policies.document(API)["Statement"]] == [True]


def test_a_private_api_keeps_a_policy_that_refuses(centre: Centre) -> None:
    """Without one it could not even be deployed."""
    publish(centre, "private")
    first = create(centre, "private")
    assert first.status == "SUCCESS"
    delete(centre, first.physical_id, "private")
    assert [one["Sid"].endswith("Closed") for one in centre.policies.document(PRIVATE)["Statement"]] == [True]


def test_a_role_keeps_its_own_trust_and_never_loses_its_policy(centre: Centre) -> None:
    publish(centre, "role")
    first = create(centre, "role")
    delete(centre, first.physical_id, "role")
    assert centre.policies.document(ROLE)["Statement"] == [OWN_TRUST]
    second = create(centre, "role")
    ours = [one for one in centre.policies.document(ROLE)["Statement"] if one != OWN_TRUST]
    centre.policies.put(Arn(ROLE), {"Version": "2012-10-17", "Statement": ours})  # its owner takes his own away
    assert delete(centre, second.physical_id, "role").status == "SUCCESS"
    assert [one["Sid"].endswith("Closed") for one in centre.policies.document(ROLE)["Statement"]] == [True]


def test_a_policy_of_which_only_the_closed_statement_is_left_is_not_written_again(centre: Centre) -> None:
    publish(centre, "private")
    delete(centre, create(centre, "private").physical_id, "private")
    writes = len(centre.policies.writes)
    for _ in range(3):
        centre.clock.time += 3700
        centre.round()
    assert len(centre.policies.writes) == writes
