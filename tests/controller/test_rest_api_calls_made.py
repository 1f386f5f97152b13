"""A pass over a REST API finds what a first statement would close, and calls AWS no more than it must."""

import pytest
from centre import CONSUMER, Centre
from published_api import create, delete, published_on, statements, time_passes
from resources import BUYER, asked
from rest_api_twin import Api, RestApiTwin


@pytest.fixture
def aws() -> RestApiTwin:
    twin = RestApiTwin()
    twin.create("ordersapi0", "prod", "beta")
    return twin


@pytest.fixture
def api(aws: RestApiTwin) -> Api:
    return aws.apis["ordersapi0"]


@pytest.fixture
def centre(aws: RestApiTwin) -> Centre:
    return published_on(aws)


# --- the methods that a first statement would close -------------------------------------------------


@pytest.mark.parametrize("page", [1, 2, 500])
def test_methods_without_authorization_are_found_on_whatever_page(aws: RestApiTwin, api: Api, page: int) -> None:
    aws.page = page
    api.methods = {
        "/": {},
        "/orders": {"GET": "AWS_IAM", "POST": "CUSTOM"},
        "/users": {"ANY": "COGNITO_USER_POOLS"},
        "/z": {"GET": "NONE", "PUT": "AWS_IAM"},
    }
    answer = create(published_on(aws))
    assert answer.status == "FAILED"
    assert "ANY /users, GET /z" in answer.reason
    assert aws.count("get_resources") == -(-4 // page)
    assert api.policy is None


# --- as few calls as it takes -----------------------------------------------------------------------

LOOK, WRITE = ["get_rest_api"], ["get_rest_api", "update_rest_api", "get_rest_api"]
FIRST = ["get_rest_api", "get_resources", "update_rest_api", "get_rest_api"]
SERVED = ["get_stage", "get_deployment"]


def calls(aws: RestApiTwin) -> list[str]:
    """The calls since this was asked last."""
    found, aws.calls = aws.calls, []
    return found


@pytest.mark.parametrize(("redeploys", "deploys"), [(None, []), ("true", ["create_deployment"])])
def test_a_pass_calls_aws_as_little_as_it_can(aws: RestApiTwin, redeploys: str | None, deploys: list[str]) -> None:
    """A first and a last statement are looked at twice: they may open or close methods."""
    centre = published_on(aws, RedeployOnChange=redeploys)
    assert calls(aws) == [*SERVED, *LOOK]
    first = create(centre)
    assert calls(aws) == [*FIRST, *SERVED, *deploys]
    second = create(centre, "Second", Methods=["GET"])
    assert calls(aws) == [*WRITE, *SERVED, *deploys]
    event = asked("api", "ExecuteApi", "Second", Methods=["GET"]).event("Delete", second.physical_id)
    centre.ask(CONSUMER, event)
    assert calls(aws) == [*WRITE, *SERVED, *deploys]
    delete(centre, first.physical_id)
    assert calls(aws) == [*FIRST, *SERVED, *deploys]


def test_a_pass_that_finds_nothing_to_change_looks_once(aws: RestApiTwin, api: Api) -> None:
    centre = published_on(aws, RedeployOnChange="true")
    create(centre)
    calls(aws)
    time_passes(centre)
    assert calls(aws) == LOOK


def test_a_pass_that_waits_for_the_owners_deployment_looks_at_the_stage_as_well(aws: RestApiTwin) -> None:
    centre = published_on(aws)
    create(centre)
    calls(aws)
    time_passes(centre)
    assert calls(aws) == [*LOOK, *SERVED]
    aws.owner_deploys("ordersapi0", "prod")
    time_passes(centre)
    assert calls(aws) == [*LOOK, *SERVED]
    time_passes(centre)
    assert calls(aws) == LOOK


def test_fifty_grants_at_once_are_one_write_and_one_deployment(aws: RestApiTwin, api: Api) -> None:
    centre = published_on(aws, RedeployOnChange="true")
    calls(aws)
    keys = [
        centre.file(CONSUMER, asked("api", "ExecuteApi", f"P{number}", Principals=[f"{BUYER}{number}"]).event("Create"))
        for number in range(50)
    ]
    centre.handle(*keys)
    assert calls(aws) == [*FIRST, *SERVED, "create_deployment"]
    assert len(statements(api)[0]["Condition"]["ArnEquals"]["aws:PrincipalArn"]) == 50


def test_a_private_api_needs_no_look_at_its_methods(aws: RestApiTwin) -> None:
    aws.create("ordersapi0", "prod", private=True)
    centre = published_on(aws)
    calls(aws)
    first = create(centre)
    assert calls(aws) == [*WRITE, *SERVED]
    delete(centre, first.physical_id)
    assert calls(aws) == [*WRITE, *SERVED]
