"""What the conformance run leaves out, and why: a reason in words for each test that says nothing of AWS, or cannot be run there."""

OF_ITSELF = "says what the local cloud does by itself, and AWS does not"
TIMED = "acts in the middle of an operation, at a moment that only the local cloud lets a test choose"
NETWORKS = "needs VPCs with interface endpoints, which take minutes to come up and cost by the hour"
ORGANIZATION = "changes the organization, or needs the rights of its management account"
WHOLE_ACCOUNT = "depends on a setting of the whole account, which the run leaves alone"
CLIENT = "runs the AWS CLI or curl with the local cloud's own files"
MASKED = "compares text in which AWS masks the account's own number"
THROTTLED = "is about calls that AWS throttles, which the run's clients send again"
NO_CALL = "is decided in Python, without a call of AWS"
ELSEWHERE = "starts a local cloud of its own"

LEFT_OUT = {
    "tests/localcloud/test_api_access_logs.py": NETWORKS,
    "tests/localcloud/test_api_access_logs.py::test_an_access_log_needs_the_accounts_role": WHOLE_ACCOUNT,
    "tests/localcloud/test_custom_resource_of_others.py": CLIENT,
    "tests/localcloud/test_custom_resources.py::test_a_create_is_cancelled_when_another_resource_fails": TIMED,
    "tests/localcloud/test_custom_resources.py::test_deleting_a_stack_cancels_the_create_under_way": TIMED,
    "tests/localcloud/test_custom_resources.py::test_independent_custom_resources_are_made_side_by_side": TIMED,
    "tests/localcloud/test_custom_resources.py::test_service_timeout_counts_from_the_event": TIMED,
    "tests/localcloud/test_functions.py::test_a_function_runs_as_its_role_under_aws_host_names": OF_ITSELF,
    "tests/localcloud/test_iam_keys.py::test_a_policy_may_demand_tls": OF_ITSELF,
    "tests/localcloud/test_organizations.py": ORGANIZATION,
    "tests/localcloud/test_public_templates.py": CLIENT,
    "tests/localcloud/test_resource_names.py::test_a_member_is_known_by_its_arn": ORGANIZATION,
    "tests/localcloud/test_resource_types.py::test_a_property_that_would_have_no_effect_fails_the_resource": OF_ITSELF,
    "tests/localcloud/test_rest_api_calls.py::test_a_refusal_has_awss_words": MASKED,
    "tests/localcloud/test_rest_api_deployments.py::test_an_account_deploys_once_in_five_seconds": THROTTLED,
    "tests/localcloud/test_rest_api_private.py": NETWORKS,
    "tests/localcloud/test_server.py": OF_ITSELF,
    "tests/localcloud/test_stacks.py::test_an_update_can_be_cancelled": TIMED,
    "tests/localcloud/test_vpc_networks.py": NETWORKS,
    "tests/localcloud/test_vpc_resources.py": NETWORKS,
}
"""Reason by test file or test; what the more exact name says counts. Besides these, a test is left out that makes what the run could not
take away again, that asks the local cloud what AWS does not tell, or that needs a fourth account: it says so itself."""


class NotOnAws(Exception):  # noqa: N818 - no error: the test is left out
    """Raised where a test comes to what cannot be had, or is not done, in the sandbox accounts."""


def reason(test: str) -> str:
    """Why a test is left out, by its node id; "" where it is run."""
    name = test.partition("[")[0]
    return LEFT_OUT.get(name) or LEFT_OUT.get(name.partition("::")[0], "")
