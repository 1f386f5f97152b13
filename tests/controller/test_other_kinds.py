"""A name that comes to stand for something of another kind: its grants are suspended, and stay what they are."""

import pytest
from centre import CONSUMER, OWNER, Centre, Resource
from resources import ALIASES, PRIVATE, ROLE, asked, create_all, published

BLUE = f"{ALIASES}:blue"


def shared(kind: str, logical_id: str = "Target", **changes: str) -> Resource:
    """A target of a kind under the one name; each logical id is another resource of the owner."""
    properties = published(kind, Name="shared", **changes).properties
    return Resource(OWNER, "Target", properties, logical_id, "owner")


def permission(grant_type: str, **given: str) -> Resource:
    return asked("shared", grant_type, **given)


@pytest.fixture
def centre() -> Centre:
    create_all(created := Centre())
    return created


def minutes_pass(centre: Centre) -> None:
    for _ in range(3):
        centre.clock.time += 100
        centre.round()


def test_a_grant_that_was_closed_is_not_told_what_is_of_another_kind(centre: Centre) -> None:
    """What it was told later would never let it in, and its statement would be none that this kind of policy takes."""
    word = {"AllowDeletionWithConsumers": "true"}
    target = centre.ask(OWNER, shared("function", **word).event("Create")).physical_id
    wish = permission("InvokeFunction")
    grant = centre.ask(CONSUMER, wish.event("Create")).physical_id
    centre.ask(OWNER, shared("function", **word).event("Delete", target))
    role = centre.ask(OWNER, shared("role", "Role").event("Create")).physical_id
    again = centre.ask(CONSUMER, wish.event("Update", grant))
    assert (again.status, again.data["TargetArn"]) == ("SUCCESS", BLUE)
    centre.ask(OWNER, shared("role", "Role").event("Delete", role))
    centre.ask(OWNER, shared("function").event("Create"))
    minutes_pass(centre)
    assert "lambda:InvokeFunction" in str(centre.policies.document(BLUE))
    assert centre.ask(CONSUMER, wish.event("Delete", grant)).status == "SUCCESS"
    assert centre.policies.document(BLUE) is None


def test_a_grant_on_what_is_retired_is_not_told_what_is_of_another_kind(centre: Centre) -> None:
    target = centre.ask(OWNER, shared("function").event("Create")).physical_id
    wish = permission("InvokeFunction")
    grant = centre.ask(CONSUMER, wish.event("Create")).physical_id
    assert centre.ask(OWNER, shared("role", RetiredArns=[BLUE]).event("Update", target)).status == "SUCCESS"
    again = centre.ask(CONSUMER, wish.event("Update", grant))
    assert (again.status, again.data["TargetArn"]) == ("SUCCESS", BLUE)


def test_a_permission_that_changes_with_the_kind_is_told_where_the_target_is_now(centre: Centre) -> None:
    """Its Revision is as before, but no deployed API can name the role in place of the stage."""
    target = centre.ask(OWNER, shared("role").event("Create")).physical_id
    first = centre.ask(CONSUMER, permission("AssumeRole").event("Create"))
    assert first.data["TargetArn"] == ROLE
    centre.ask(OWNER, shared("private").event("Update", target))
    changed = centre.ask(CONSUMER, permission("ExecuteApi").event("Update", first.physical_id))
    assert (changed.status, changed.data["TargetArn"]) == ("SUCCESS", f"{PRIVATE}/prod")
    assert centre.ask(CONSUMER, permission("ExecuteApi").event("Delete", changed.physical_id)).status == "SUCCESS"
