"""The points that only AWS can settle, each by the name of its mark in the docs: what is taken to be so, the test that asks, and what changes.

A mark without a row here, and a row without a mark, fail tests/conformance/test_no_point_is_forgotten.py.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A point: `test` asks AWS (a node id); without one, `reason` says why three sandbox accounts cannot settle it.

    `otherwise` is what to change, in the templates or the code, where AWS turns out to be otherwise.
    """

    name: str
    assumed: str
    otherwise: str
    test: str = ""
    reason: str = ""


_HERE = "tests/conformance"
_FUNCTIONS = f"{_HERE}/test_points_functions.py"
_APIS = f"{_HERE}/test_points_apis.py"
_STACKS = f"{_HERE}/test_points_stacks.py"
_ACCESS = f"{_HERE}/test_points_access.py"
_INSTALLATION = f"{_HERE}/installation.py"
_CLOUD = "tests/localcloud"

POINTS = (
    Point(
        "revision-of-a-policy",
        "A deployment by the owner moves the policy's RevisionId: a write under the one read before is refused, and goes through after "
        "another read.",
        "Nothing breaks if it moves less often: `controller/reconciling.py` goes round again whenever AWS refuses a write.",
        f"{_FUNCTIONS}::test_a_functions_deployment_moves_its_policys_revision",
    ),
    Point(
        "function-policy-read-back",
        "What is read back means what was written, to `core/documents.py`: a pass after a write has nothing to write.",
        "Teach `core/documents.py` the form that AWS answers; until then each look writes the policy again.",
        f"{_FUNCTIONS}::test_a_written_policy_leaves_nothing_to_write",
    ),
    Point(
        "condition-keys-of-put-resource-policy",
        "`aws:ResourceTag` of the function decides about Get- and PutResourcePolicy on its own ARN.",
        "`account-roles.yaml`: the grantor role's statements on functions would have to do without the tag's condition; until then every grant "
        "on a function is refused, and says so.",
        f"{_FUNCTIONS}::test_a_functions_tag_decides_about_its_policy",
    ),
    Point(
        "tags-of-an-alias",
        "A function's tags count for calls on its alias.",
        "`account-roles.yaml`, parameter `AliasTargetsConsent`: `Publication` instead of `Tag`; else owners' aliases cannot be published.",
        f"{_CLOUD}/test_resource_names.py::test_an_alias_has_its_functions_tags",
    ),
    Point(
        "tags-below-a-rest-api",
        "A REST API's tags count for its policy, stages and deployments, which is why the grantor role is denied all else below an API.",
        "`account-roles.yaml`: where tags are not inherited, deployments need a statement of their own without the tag's condition.",
        f"{_CLOUD}/test_rest_api_control.py::test_an_apis_tags_count_for_what_is_below_it",
    ),
    Point(
        "source-account-of-api-gateway",
        "Nobody relies on API Gateway's telling `aws:SourceAccount`: statements name the account within `aws:SourceArn`.",
        "If it is told, a condition on it may be added in `core/statements.py`; nothing has to be.",
        f"{_APIS}::test_an_authorizer_asked_with_the_source_account",
    ),
    Point(
        "regions-of-an-authorizer",
        "An API of one Region asks an authorizer of another, by a statement with the API's Region in its SourceArn.",
        "`core/specifications.py` says SourceArn's Region; [cross-region](how-to/cross-region.md) would have to be withdrawn.",
        f"{_APIS}::test_an_authorizer_of_another_region_is_asked",
    ),
    Point(
        "exception-of-an-authorizer",
        "An authorizer of an HTTP API that raises keeps the caller out; with which status is noted.",
        "`templates/examples/token-service.yaml` answers a policy there, and is right in either case.",
        f"{_APIS}::test_an_authorizer_of_an_http_api_that_raises_lets_nobody_in",
    ),
    Point(
        "cached-answers",
        "Who was let in just now gets in until the authorizer's answer is forgotten, also when its permission is gone.",
        "[The token service](how-to/token-authorizer.md) says how long a withdrawal takes to show.",
        f"{_APIS}::test_a_cached_answer_outlives_the_permission",
    ),
    Point(
        "lists-of-one",
        "A list of one reads back as what is in it, in every place of a statement.",
        "`core/documents.py` takes both for the same; only the local cloud's correction would change.",
        f"{_CLOUD}/test_rest_api_policies.py::test_a_policy_reads_back_normalised",
    ),
    Point(
        "account-ids-in-api-policies",
        "An account's id reads back as its root's ARN.",
        "`core/documents.py` takes both for the same; only the local cloud's correction would change.",
        f"{_CLOUD}/test_rest_api_policies.py::test_a_policy_reads_back_normalised",
    ),
    Point(
        "limit-of-api-policies",
        "A policy that is too long is refused in words by which the controller knows a full one; whether the text as sent or as kept counts is "
        "noted.",
        "`controller/rest_api_policies.py` knows a full policy by the words of the refusal (`_TOO_LONG`): add AWS's own, else stacks are "
        "told AWS's words and not how full the policy is.",
        f"{_APIS}::test_the_controller_knows_the_refusal_of_a_policy_that_is_too_long",
    ),
    Point(
        "last-writer-of-an-api-policy",
        "A REST API's policy has no precondition: who writes a document read earlier undoes what came between.",
        "With a precondition, `controller/rest_api_policies.py` would use it, and the window in the README's limits would close.",
        f"{_APIS}::test_the_last_writer_of_an_api_policy_wins",
    ),
    Point(
        "no-policy-only-deployment",
        "A policy takes effect with the next deployment of the whole API.",
        "If it took effect by itself, `controller/deployments.py` and `RedeployOnChange` would not be needed.",
        f"{_CLOUD}/test_rest_api_deployments.py::test_a_policy_takes_effect_at_the_next_deployment",
    ),
    Point(
        "no-deployment-beside-a-canary",
        "A stage with a canary takes no ordinary deployment, so the controller leaves it alone.",
        "`controller/deployments.py` looks for `canarySettings`; it would have to be stricter if AWS took the deployment.",
        f"{_CLOUD}/test_rest_api_deployments.py::test_a_canary_deployment_leaves_the_stage_where_it_is",
    ),
    Point(
        "first-statement-shuts-out",
        "An open method is shut by the first statement of its API's policy, and opened by the removal of the last.",
        "If not, `core/fitting.py` refuses a first grant without need (`MethodsWithoutAuthorization`); if in other cases too, it must look at "
        "those.",
        f"{_CLOUD}/test_rest_api_calls.py::test_an_open_method_needs_an_allow_once_there_is_a_policy",
    ),
    Point(
        "role-of-a-private-apis-account",
        "A role of a private API's own account, assumed from another one, needs no allow in the API's policy.",
        "[Private APIs by a role](how-to/private-api-by-role.md) has the API's policy allow its own root, which is right in either case.",
        reason="needs a VPC with an interface endpoint and a function in it, and nothing of ours depends on it",
    ),
    Point(
        "raised-limit-of-trust-policies",
        "The 2,048 characters of a trust policy can be raised; to how many is said differently.",
        "Nothing: the controller takes AWS's refusal for the limit, wherever that is (`controller/role_policies.py`).",
        reason="a quota is raised by a request that people at AWS may have to read",
    ),
    Point(
        "principal-arn-outlives-its-role",
        "A condition on `aws:PrincipalArn` holds again for a role that was deleted and made anew.",
        "`core/statements.py` would have to name principals, and reconciling to write them anew.",
        f"{_CLOUD}/test_trust_conditions.py::test_a_condition_on_the_arn_outlives_the_role",
    ),
    Point(
        "gone-role-under-a-path",
        "Who may look at roles under a path alone is refused one that is gone, instead of being told so.",
        "If it is told NoSuchEntity, `controller/role_policies.py` concludes that the role is gone, and no orphan is left: better, no change.",
        f"{_ACCESS}::test_a_gone_role_is_refused_to_who_may_look_under_a_path",
    ),
    Point(
        "clock-of-events",
        "`X-Amz-Date` (or `Expires`) of a ResponseURL is CloudFormation's time, and grows from event to event of a resource.",
        "`function/addresses.py` reads it; without it events of one resource would have to be ordered by the provider's own clock.",
        f"{_STACKS}::test_events_carry_cloudformations_time",
    ),
    Point(
        "forced-deletion",
        "A resource that a forced deletion left says DELETE_SKIPPED, as one that was retained does.",
        "`controller/stacks.py` maps statuses: a status of its own would let the daily look withdraw what a forced deletion left.",
        f"{_CLOUD}/test_stack_resources.py::test_a_forced_deletion_skips_what_cannot_be_deleted",
    ),
    Point(
        "ref-of-a-stack-set",
        "`Ref` of a StackSet is what follows `stackset/` in its ARN.",
        "`organization.yaml` puts the ARN for `AutoDeployment.DependsOn` together from it.",
        f"{_STACKS}::test_the_ref_of_a_stack_set_ends_its_arn",
    ),
    Point(
        "status-after-an-import",
        "A stack that took over retained tables has a status from which the roll-out goes on.",
        "`rollout/stacks.py` lists the statuses that can be updated.",
        f"{_STACKS}::test_a_stack_that_took_over_a_table_is_updated_later",
    ),
    Point(
        "tags-of-a-change-set",
        "The roll-out names a stack's tags in every change set, so whether one without tags keeps them does not matter; it is noted.",
        "Nothing.",
        f"{_STACKS}::test_a_change_set_that_names_the_tags_keeps_them",
    ),
    Point(
        "session-tag-is-the-account",
        "A role that wants `aws:RequestTag/account` to be `${aws:PrincipalAccount}` lets nobody in untagged, or as another account.",
        "`central.yaml`, request role and reader role: everything rests on this; do not deploy.",
        f"{_ACCESS}::test_a_session_tag_is_the_callers_own_account",
    ),
    Point(
        "leading-keys-of-an-index",
        "For a Query of an index `dynamodb:LeadingKeys` is the index's own partition key.",
        "`central.yaml`, `ReadWhatTheAccountOwnsAndHolds`: where it is the table's or absent, `crossaccount grants` shows accounts nothing "
        "of what they hold, and never too much.",
        f"{_CLOUD}/test_dynamodb_keys.py::test_an_index_has_leading_keys_of_its_own",
    ),
    Point(
        "condition-check-conflicts",
        "A transaction that looks at an item by a ConditionCheck cancels another one that writes it at that moment.",
        "Nothing: `controller/dynamodb_ledger.py` takes either refusal for a conflict, after which it is done again.",
        reason="needs two transactions to meet within milliseconds, which a run cannot bring about for certain",
    ),
    Point(
        "event-keys-without-a-qualifier",
        "`ForAllValues:StringEquals` with a `Null` check lets in events of the source that it names, and no others.",
        "`central.yaml`, `TellWhatHasBecomeOfGrants`: audit events would not be told; the controller's log says so.",
        f"{_ACCESS}::test_events_are_told_under_their_source_alone",
    ),
    Point(
        "list-streams-on-the-stream",
        "`dynamodb:ListStreams` on the stream's own ARN is enough for Lambda to take the requests' stream.",
        "`central.yaml`, `BeWokenByTheStream`: `ListStreams` on `*`; else the mapping cannot be made, and the roll-out says so.",
        f"{_INSTALLATION}::test_the_stream_wakes_the_controller",
    ),
    Point(
        "no-verified-caller",
        "A custom resource's event tells nothing that proves who caused it.",
        "If AWS told a verified caller, grants could belong to stacks instead of accounts; nothing has to change.",
        f"{_CLOUD}/test_custom_resources.py::test_an_event_has_awss_shape",
    ),
    Point(
        "source-account-of-execution-roles",
        "Nobody relies on Lambda's telling `aws:SourceAccount` when it assumes an execution role; whether it does is noted.",
        "If it does, `LambdaRunsTheController` and `LambdaRunsTheProvider` may have that condition.",
        f"{_ACCESS}::test_an_execution_role_that_wants_the_source_account",
    ),
    Point(
        "customer-managed-keys",
        "The statements of `central.yaml` on `KmsKeyArn` are enough for tables, queue and readers.",
        "`central.yaml`, the statements whose names end in `Key`: the roll-out or the first request fails with KMS's own words.",
        reason="a KMS key is gone seven days after its deletion at the earliest; with PARAMETER=central.KmsKeyArn=ARN of one that is there, "
        "every row of kind `system` asks it",
    ),
    Point(
        "stack-sets-in-an-organization",
        "`organization.yaml` brings roles before providers to accounts that join, and tags to their stacks.",
        "`organization.yaml`, `AutoDeployment`.",
        reason="needs the management account or a delegated administrator, and accounts that join and leave",
    ),
)
