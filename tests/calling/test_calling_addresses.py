"""A URL says API, Region, stage, path and VPC endpoint, or nothing of them; what no API answers to is one sentence."""

import pytest

from provider.calling.addresses import ApiAddress
from provider.calling.errors import CallingError, NoApiForEndpoint, NoApiUrl

REGION = "eu-central-1"
API = "a1b2c3d4e5"


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (f"{API}.execute-api.{REGION}.amazonaws.com", (API, REGION, "")),
        (f"{API}.execute-api.cn-north-1.amazonaws.com.cn", (API, "cn-north-1", "")),
        (f"{API}.execute-api-fips.us-gov-west-1.amazonaws.com", (API, "us-gov-west-1", "")),
        (f"{API}.execute-api.{REGION}.api.aws", (API, REGION, "")),
        (f"{API}-vpce-0123456789abcdef0.execute-api.{REGION}.amazonaws.com", (API, REGION, "vpce-0123456789abcdef0")),
        (f"vpce-0123456789abcdef0-abc.execute-api.{REGION}.vpce.amazonaws.com", ("", REGION, "vpce-0123456789abcdef0")),
        (f"{API.upper()}.EXECUTE-API.{REGION}.amazonaws.com:443", (API, REGION, "")),
        ("api.example.com", ("", "", "")),
        (f"{API}.execute-api.{REGION}.amazonaws.com.example.com", ("", "", "")),
        (f"x.{API}.execute-api.{REGION}.amazonaws.com", ("", "", "")),
    ],
)
def test_a_host_says_api_region_and_endpoint_or_nothing(host: str, said: tuple[str, str, str]) -> None:
    found = ApiAddress.of(f"https://{host}/prod/orders")
    assert (found.api, found.region, found.endpoint) == said


@pytest.mark.parametrize(
    ("rest", "target", "stage", "path"),
    [
        ("", "/", "", "/"),
        ("/", "/", "", "/"),
        ("/prod", "/prod", "prod", "/"),
        ("/prod/", "/prod/", "prod", "/"),
        ("/prod/orders/7?a=/b#c", "/prod/orders/7?a=/b", "prod", "/orders/7"),
        ("?a=b", "/?a=b", "", "/"),
    ],
)
def test_the_first_step_is_the_stage_and_the_rest_the_path(rest: str, target: str, stage: str, path: str) -> None:
    found = ApiAddress.of(f"https://{API}.execute-api.{REGION}.amazonaws.com{rest}")
    assert (found.target, found.stage, found.path) == (target, stage, path)


def test_a_domain_of_one_s_own_has_no_stage_in_its_path() -> None:
    """What its path stands for, its mappings say, and they are not known here."""
    assert ApiAddress.of("https://api.example.com/orders/7").stage == ""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "is empty"),
        ("https://api.example.com/a b", "%20"),
        ("https://api.example.com/é", "%20"),
        ("http://api.example.com/", "https://"),
        ("api.example.com/orders", "https://"),
        ("https:///orders", "no host"),
        ("https://user:secret@api.example.com/", "a user in front"),
        ("https://[::1/", "cannot be read"),
        ("https://api.example.com:port/", "cannot be read"),
    ],
)
def test_what_no_api_answers_to_is_one_sentence_with_an_example(url: str, words: str) -> None:
    """And the URL itself, which may hold a password, is not repeated."""
    with pytest.raises(NoApiUrl, match=words) as refused:
        ApiAddress.of(url)
    assert "such as https://" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_an_endpoint_s_own_name_takes_the_host_s_place_and_a_header_names_the_api() -> None:
    """The Region stays known, and the endpoint is."""
    host = f"vpce-0123456789abcdef0-abc.execute-api.{REGION}.vpce.amazonaws.com"
    found, headers = ApiAddress.of(f"https://{API}.execute-api.{REGION}.amazonaws.com/prod/a?b=c").through(host)
    assert found.url == f"https://{host}/prod/a?b=c"
    assert (found.api, found.region, found.endpoint, found.stage) == (API, REGION, "vpce-0123456789abcdef0", "prod")
    assert headers == {"x-apigw-api-id": API}
    assert ApiAddress.of(f"https://{API}.execute-api.{REGION}.amazonaws.com/").through("vpce.local")[0].region == REGION


@pytest.mark.parametrize("host", ["https://x.example.com", "a b", "x/y", "u@x", ""])
def test_what_is_no_host_is_no_endpoint(host: str) -> None:
    with pytest.raises(CallingError):
        ApiAddress.of(f"https://{API}.execute-api.{REGION}.amazonaws.com/").through(host)


def test_a_domain_that_does_not_say_its_api_leads_through_no_endpoint() -> None:
    with pytest.raises(NoApiForEndpoint, match="names no API"):
        ApiAddress.of("https://api.example.com/").through("vpce-0.example.com")
