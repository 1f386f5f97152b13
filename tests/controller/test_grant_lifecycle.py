"""The life cycle of a grant, through intake and reconciling, as a stack sees it."""

from centre import CONSUMER, FUNCTION, OTHER, OWNER, SECOND, Centre, Resource, permission, source, target

FOREIGN = {
    "Sid": "mine",
    "Effect": "Allow",
    "Principal": {"Service": "s3.amazonaws.com"},
    "Action": "lambda:InvokeFunction",
    "Resource": FUNCTION,
    "Condition": {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"}},
}


def test_a_created_permission_stands_and_is_answered_with_what_the_template_needs(published: Centre) -> None:
    answer = published.ask(CONSUMER, permission().event("Create"))
    assert answer.status == "SUCCESS"
    assert answer.data == {
        "GrantId": answer.physical_id,
        "TargetArn": FUNCTION,
        "AuthorizerUri": f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations",
        "SourceArns": [source()],
    }
    assert published.sources() == [source()]


def test_an_update_opens_the_new_before_the_old_is_closed(published: Centre) -> None:
    first = published.ask(CONSUMER, permission().event("Create")).physical_id
    narrow = permission(AuthorizerIds=["abc123"])
    second = published.ask(CONSUMER, narrow.event("Update", first)).physical_id
    assert second != first
    assert published.sources() == [source(), source(authorizer="abc123")]
    published.ask(CONSUMER, permission().event("Delete", first))
    assert published.sources() == [source(authorizer="abc123")]


def test_a_rolled_back_update_leaves_what_stood_before(published: Centre) -> None:
    first = published.ask(CONSUMER, permission().event("Create")).physical_id
    second = published.ask(CONSUMER, permission(ApiId="zzzzzzzzzz").event("Update", first)).physical_id
    back = published.ask(CONSUMER, permission().event("Update", second))
    assert (back.status, back.physical_id) == ("SUCCESS", first)
    published.ask(CONSUMER, permission().event("Delete", second))
    assert published.sources() == [source()]


def test_delete_removes_the_statement_and_leaves_no_policy_where_there_was_none(published: Centre) -> None:
    first = published.ask(CONSUMER, permission().event("Create")).physical_id
    assert published.ask(CONSUMER, permission().event("Delete", first)).status == "SUCCESS"
    assert published.policies.document(FUNCTION) is None
    assert [row.id for row in published.ledger.history] == [first]


def test_foreign_statements_stay_in_order_as_json_values(published: Centre) -> None:
    other = {**FOREIGN, "Sid": "z", "Effect": "Deny", "Principal": "*"}
    before = {"Version": "2012-10-17", "Id": "default", "Statement": [other, FOREIGN]}
    published.policies.create(FUNCTION, before)
    first = published.ask(CONSUMER, permission().event("Create")).physical_id
    published.ask(CONSUMER, permission().event("Delete", first))
    assert published.policies.document(FUNCTION) == before


def test_a_delete_with_an_id_that_cloudformation_made_up_gives_up_everything(published: Centre) -> None:
    published.ask(CONSUMER, permission().event("Create"))
    published.ask(CONSUMER, permission().event("Delete", "orders-Permission-1A2B3C"))
    assert published.sources() == []


def test_a_create_that_arrives_after_its_delete_changes_nothing(published: Centre) -> None:
    late = published.file(CONSUMER, permission().event("Create"))
    published.ask(CONSUMER, permission().event("Delete", "orders-Permission-1A2B3C"))
    published.handle(late)
    assert published.desk.answers[late].status == "FAILED"
    assert published.sources() == []


def test_a_repeated_event_gets_its_old_answer_and_changes_nothing(published: Centre) -> None:
    key = published.file(CONSUMER, permission().event("Create"))
    item = published.desk.requests[key]
    published.handle(key)
    first = published.desk.answers[key]
    published.ask(CONSUMER, permission().event("Delete", first.physical_id))
    published.desk.requests[key] = item
    published.handle(key)
    assert published.desk.answers[key] == first
    assert published.sources() == []


def test_a_held_grant_is_answered_again_although_consent_has_gone(published: Centre) -> None:
    first = published.ask(CONSUMER, permission().event("Create")).physical_id
    known = next(iter(published.ledger.origins.values())).held
    assert known
    moved = target(AllowedAccounts=[OTHER])
    published_id = published.ask(OWNER, moved.event("Update", _publication(published))).physical_id
    assert published_id.startswith("publication-")
    assert published.sources() == []
    again = published.ask(CONSUMER, permission().event("Update", first))
    assert (again.status, again.physical_id) == ("SUCCESS", first)
    assert published.sources() == []


def test_a_suspended_grant_returns_when_its_owner_allows_it_again(published: Centre) -> None:
    published.ask(CONSUMER, permission().event("Create"))
    narrowed = published.ask(OWNER, target(AllowedAccounts=[OTHER]).event("Update", _publication(published)))
    assert published.sources() == []
    published.ask(OWNER, target().event("Update", narrowed.physical_id))
    assert published.sources() == [source()]


def test_a_moved_target_stays_open_on_the_old_arn_until_the_stack_is_told(published: Centre) -> None:
    old = _publication(published)
    first = published.ask(CONSUMER, permission().event("Create"))
    published.ask(OWNER, target(FunctionArn=SECOND).event("Update", old))
    published.ask(OWNER, target().event("Delete", old))
    assert (published.sources(FUNCTION), published.sources(SECOND)) == ([source()], [source()])
    told = published.ask(CONSUMER, permission(Revision="2").event("Update", first.physical_id))
    assert told.data["TargetArn"] == SECOND
    assert (published.sources(FUNCTION), published.sources(SECOND)) == ([source()], [source()])
    published.ask(CONSUMER, permission().event("Delete", first.physical_id))
    assert (published.sources(FUNCTION), published.sources(SECOND)) == ([], [source()])


def test_a_retired_arn_is_closed_at_once(published: Centre) -> None:
    published.ask(CONSUMER, permission().event("Create"))
    moved = target(FunctionArn=SECOND, RetiredArns=[FUNCTION])
    assert published.ask(OWNER, moved.event("Update", _publication(published))).status == "SUCCESS"
    assert (published.sources(FUNCTION), published.sources(SECOND)) == ([], [source()])


def test_a_target_moved_to_another_stack_changes_nothing_for_its_consumers(published: Centre) -> None:
    published.ask(CONSUMER, permission().event("Create"))
    writes = len(published.policies.writes)
    elsewhere = Resource(OWNER, "Target", target().properties, "Renamed", "another-stack")
    published.ask(OWNER, elsewhere.event("Create"))
    gone = published.ask(OWNER, target().event("Delete", _publication(published)))
    assert gone.status == "SUCCESS"
    assert len(published.policies.writes) == writes
    assert published.sources() == [source()]


def test_the_last_publication_of_a_name_with_consumers_is_not_deleted(published: Centre) -> None:
    published.ask(CONSUMER, permission().event("Create"))
    refused = published.ask(OWNER, target().event("Delete", _publication(published)))
    assert refused.status == "FAILED"
    assert "AllowDeletionWithConsumers: true" in refused.reason
    assert published.sources() == [source()]


def test_a_target_that_says_so_is_deleted_and_its_grants_are_suspended(published: Centre) -> None:
    published.ask(CONSUMER, permission().event("Create"))
    lawful = target(AllowDeletionWithConsumers="true")
    old = _publication(published)
    allowed = published.ask(OWNER, lawful.event("Update", old)).physical_id
    published.ask(OWNER, target().event("Delete", old))
    assert published.sources() == [source()]
    assert published.ask(OWNER, lawful.event("Delete", allowed)).status == "SUCCESS"
    assert published.sources() == []
    published.ask(OWNER, target().event("Create"))
    assert published.sources() == [source()]


def test_two_resources_that_ask_the_same_do_not_take_it_from_each_other(published: Centre) -> None:
    one, two = permission(), Resource(CONSUMER, "Permission", permission().properties, "Second")
    first = published.ask(CONSUMER, one.event("Create")).physical_id
    second = published.ask(CONSUMER, two.event("Create")).physical_id
    published.ask(CONSUMER, one.event("Delete", first))
    assert published.sources() == [source()]
    published.ask(CONSUMER, two.event("Delete", second))
    assert published.sources() == []


def _publication(centre: Centre) -> str:
    return next(row.id for row in centre.ledger.rows.values() if row.id.startswith("publication-"))
