"""Faults that were thought of and must not come back: each is one change to the text of the core or the controller.

A pattern must match exactly once; where it does not, the text has moved on and the mutant must be written anew.
`by` are the test files, of the controller unless they say otherwise, that are run against it: those that show it fastest.
"""

from dataclasses import dataclass

LIFE, GAPS, CROWD = "test_grant_lifecycle.py", "test_meanwhile.py", "test_concurrent_writers.py"
PASSES, LAMBDA, ANSWERS = "test_pass_obstacles.py", "test_function_policy_errors.py", "test_controller_answers.py"
EVENTS, GRANTS = "test_event_order.py", "test_bad_grants.py"
STAGES, ENDING, ALIASES = "test_deployments.py", "test_temporary_grants.py", "test_qualifiers.py"
SURPRISES, FLOODS, QUARANTINE = "test_policy_never_surprises.py", "test_floods.py", "test_quarantine.py"
LIMITS, REFUSED_DEPLOYMENTS = "test_role_policy_errors.py", "test_rest_api_deployment_errors.py"
MEANING = "../core/test_statements_mean_what_is_asked.py"
LOOKS, LEFT = "test_removed_without_an_event.py", "test_departed_accounts.py"
UNITS, ADOPTIONS = "test_organizational_units.py", "test_adopting_gaplessly.py"
GAPLESS, TYPES, ROLES = "test_update_without_gap.py", "test_bad_grant_types.py", "test_role_policy_reading.py"


@dataclass(frozen=True)
class Mutant:
    """`pattern` (a regular expression) becomes `replacement`."""

    name: str
    pattern: str
    replacement: str
    by: tuple[str, ...] = ()


MUTANTS = (
    # --- leases ------------------------------------------------------------------------------------------
    Mutant("write without the lease", r"holder = secrets\.token_hex\(8\)", 'holder = "anybody"', (CROWD,)),
    Mutant(
        "release the lease unconditionally",
        r"self\._ledger\.release\(passed\.resource, ",
        "self._ledger.release(self._ledger.acquire(arn, holder, self._clock.now()) or passed.resource, ",
        (CROWD,),
    ),
    # --- the order of things -----------------------------------------------------------------------------
    Mutant(
        "remove before add",
        r"framed\(actual, foreign \+ wanted\)",
        "framed(actual, foreign + ([] if removed else wanted))",
        (CROWD,),
    ),
    Mutant(
        "answer before writing",
        r"( +)started = self\._clock\.now\(\)\n",
        r"\1for name in sorted(resource.names):\n"
        r"\1    early = Passed(resource.arn, Outcome.WRITTEN, self._clock.now())\n"
        r"\1    self._commit(self._ledger.view(name), early)\n"
        r"\1started = self._clock.now()\n",
        (CROWD,),
    ),
    Mutant(
        "write before it is recorded where",
        r"replace\(row, placed=row\.placed \| \{arn\}, ",
        "replace(row, ",
        (GAPS,),
    ),
    # --- events ------------------------------------------------------------------------------------------
    Mutant("forget answered request ids", r"if self\._desk\.is_answered\(key\):", "if False:", (EVENTS,)),
    Mutant("ignore issuedAt", r"if last is not None and is_overtaken\(request, last\):", "if False:", (LIFE,)),
    Mutant(
        "let a cancelled Create win over its Delete of the same second",
        r"return last\.cancels and request\.type is not RequestType\.DELETE",
        "return False",
        (EVENTS,),
    ),
    Mutant(
        "forget when an emptied origin was last asked",
        r"places=places, last=last, look_at",
        "places=places, look_at",
        (LIFE,),
    ),
    Mutant(
        "re-authorise on rollback",
        r"if isinstance\(existing, GrantRecord\) and _is_held\(situation, existing\):",
        "if False:",
        (LIFE,),
    ),
    Mutant(
        "an Update drops what the stack knows",
        r"return \(held & known\) \| \{asked\}",
        "return frozenset({asked})",
        (LIFE,),
    ),
    Mutant(
        "an Update keeps all that was held", r"return \(held & known\) \| \{asked\}", "return held | {asked}", (EVENTS,)
    ),
    Mutant(
        "a Delete of an invented id gives up nothing",
        r"is_declaration_id\(request\.physical_id\) else frozenset\(\)",
        "is_declaration_id(request.physical_id) else held",
        (LIFE,),
    ),
    Mutant("give up what was held before", r"fresh = bool\(asks\) and all\(.*\)", "fresh = bool(asks)", (EVENTS,)),
    # --- policies ----------------------------------------------------------------------------------------
    Mutant(
        "match ours by principal",
        r'return str\(statement\.get\("Sid", ""\)\)\.startswith\(.*\)',
        'return "apigateway.amazonaws.com" in str(statement.get("Principal"))',
        (LAMBDA,),
    ),
    Mutant("drop what is foreign", r"framed\(actual, foreign \+ wanted\)", "framed(actual, wanted)", (LIFE,)),
    Mutant("write without the revision", r'\{"RevisionId": revision\} if revision else \{\}', "{}", (LAMBDA,)),
    Mutant("read nothing back", r"raise WriteUnsettled\((self\.)?arn, \"what was read back.*\)", "pass", (LAMBDA,)),
    Mutant(
        "compare texts, not meanings",
        r"sorted\(map\(meaning, ours\)\) != sorted\(map\(meaning, wanted\)\)",
        "ours != wanted",
        (LAMBDA,),
    ),
    Mutant(
        "take a gone function for a closed account",
        r"if code == \"ResourceNotFoundException\":",
        "if False:",
        (LAMBDA,),
    ),
    Mutant("remove whatever the ledger does not know", r"keeps = is_too_many\(.*\)", "keeps = False", (PASSES,)),
    Mutant(
        "answer a failed Update with another id",
        r"return request\.physical_id\n",
        'return f"failed-{request.key.request_id}"\n',
        (ANSWERS,),
    ),
    # --- a pass and its grants ---------------------------------------------------------------------------
    Mutant("fail all for one that is refused", r"if not refusal\.new:", "if True:", (GRANTS,)),
    Mutant(
        "tell those of success who were not tried", r"if row\.id in passed\.later or passed", "if passed", (GRANTS,)
    ),
    Mutant(
        "write however late it is",
        r"if self\.clock\.now\(\) >= self\.latest:\n +raise",
        "if False:\n                raise",
        (GAPS,),
    ),
    Mutant(
        "keep the lease when time runs out",
        r"self\._ledger\.give_back\(resource, self\._clock\.now\(\)\)",
        "pass",
        (GAPS,),
    ),
    # --- what REST APIs, roles, aliases and time add ------------------------------------------------------
    Mutant(
        "deploy a stage that has a canary", r"if latest is None or stage\.has_canary:", "if latest is None:", (STAGES,)
    ),
    Mutant(
        "take any deployment for one that carries the policy",
        r"if stage\.deployed_at > since:",
        "if stage.deployed_at > 0:",
        (STAGES,),
    ),
    Mutant(
        "deploy without waiting for the account's turn",
        r"if self\._ledger\.may_deploy\(account, self\._clock\.now\(\), PAUSE\):",
        "if True:",
        (STAGES,),
    ),
    Mutant(
        "forget that a policy waits for a deployment",
        r"if resource\.undeployed_since is None:(\n +return Serving)",
        r"if True:\1",
        (STAGES,),
    ),
    Mutant("let a grant stand when its time is over", r" or record\.has_expired\(self\.now\):", ":", (ENDING,)),
    Mutant(
        "let what a quarantined account holds stand",
        r"account in self\.quarantined or not authorises",
        "not authorises",
        (QUARANTINE,),
    ),
    Mutant(
        "let who has left an organizational unit stand",
        r"self\._ask\(record\.account, record\) is None",
        "True",
        (UNITS,),
    ),
    Mutant("grant for a unit on what was told long ago", r"return now - self\.told_at < HOUR", "return True", (UNITS,)),
    Mutant(
        "place on the fullest alias",
        r"return min\(arns, key=lambda arn: \(sizes",
        "return max(arns, key=lambda arn: (sizes",
        (ALIASES,),
    ),
    Mutant("close open methods by a first statement", r"refuses = closing and ", "refuses = False and ", (SURPRISES,)),
    Mutant("leave a policy empty that must not be", r"wanted = \[instead\]", "wanted = []", (SURPRISES,)),
    Mutant(
        "let one account have any number of grants", r"if others >= publication\.per_account:", "if False:", (FLOODS,)
    ),
    Mutant("let one account fill what several share", r"if size > share else None", "if False else None", (FLOODS,)),
    Mutant(
        "count what an update replaces",
        r"newest = \{one\.row\.origin: one",
        "newest = {replace(one.row.origin, logical_id=one.id): one",
        (FLOODS,),
    ),
    Mutant(
        "grant another stage than the published one",
        r"if stage and stage != publication\.stage:",
        "if False:",
        (GAPLESS, TYPES),
    ),
    Mutant(
        "let roles of another account be named",
        r"if account != origin\.account or partition != origin\.stack\.partition:",
        "if False:",
        (TYPES,),
    ),
    Mutant("take a namesake under another path for the role", r"role\[\"Arn\"\] != arn", "False", (ROLES,)),
    Mutant(
        "deploy before the policy is written",
        r"( +)passed = self\._admitted\(\)\n",
        r"\1early = replace(self.resource, undeployed_since=self.clock.now())\n"
        r"\1Deployments(self.ledger, self.policies, self.clock).see_to(early, self.views, self.latest)\n"
        r"\1passed = self._admitted()\n"
        r"\1self.resource = replace(self.resource, undeployed_since=None)\n",
        (STAGES,),
    ),
    Mutant(
        "answer before the deployment that is about to be made",
        r"return bool\(asked\) and self\.arn in row\.pending",
        "return False",
        (REFUSED_DEPLOYMENTS,),
    ),
    Mutant(
        "call deployed what was wiped and is written again",
        r"deployed=row\.deployed and row\.id not in anew\)",
        "deployed=row.deployed)",
        (STAGES,),
    ),
    Mutant("learn no limit from AWS", r"if not isinstance\(error, PolicyFull\) or .*:", "if True:", (LIMITS,)),
    Mutant(
        "let VPC endpoints stand in a public API's policy",
        r"elif asked\.vpc_endpoint_ids and not private:",
        "elif False:",
        (TYPES,),
    ),
    # --- what ends without an event ----------------------------------------------------------------------
    Mutant("withdraw what was only just found abandoned", r"now - self\.since >= ABANDONED_FOR", "True", (LOOKS,)),
    Mutant("withdraw what cannot be looked at again", r" and \(told or known\.accepted\)", "", (LOOKS,)),
    Mutant(
        "withdraw however many seem abandoned",
        r"return tuple\(abandoned\) if is_too_many",
        "return () if is_too_many",
        (LOOKS,),
    ),
    Mutant("end what CloudFormation was told to retain", r"kind = AbsenceKind\.RETAINED", "pass", (LOOKS,)),
    Mutant(
        "suspend however many accounts seem to have left",
        r" or \(account\.waits and self\._too_many_wait\(\)\)",
        "",
        (LEFT,),
    ),
    # --- what was adopted --------------------------------------------------------------------------------
    Mutant("take whatever was adopted for covered", r"return bool\(asked\) and all\(.*\)", "return True", (ADOPTIONS,)),
    Mutant(
        "let an adopted statement go for a grant that finds no room",
        r"still = going & covered\(.*\)",
        "still = going",
        (ADOPTIONS,),
    ),
    Mutant(
        "let any statement go for an adopted one",
        r"if not going or statement_id.* not in going",
        "if not going",
        (ADOPTIONS,),
    ),
    Mutant("let a statement go for grants that will end", r" if one\.lasts for part", " for part", (ADOPTIONS,)),
    # --- and more ----------------------------------------------------------------------------------------
    Mutant("keep a retired alias open", r" - publication\.retired\n", "\n", (ALIASES,)),
    Mutant(
        "name principals by anybody within one account",
        r"if target_arn\(arn\)\.account == origin\.account:",
        "if False:",
        (MEANING,),
    ),
    Mutant(
        "open an API for the whole account where roles are named",
        r"if principals:(\n +return \(\"AWS\", ANYBODY\))",
        r"if False:\1",
        (MEANING,),
    ),
    Mutant("leave the external id out", r"if assumption\.external_id else \(\)", "if False else ()", (MEANING,)),
    Mutant(
        "let a path be found at the end of others",
        r'\(\("\*",\) if path\.startswith\("/\*"\) else',
        '(("*",) if True else',
        (MEANING,),
    ),
)

LEDGER_MUTANTS = (
    Mutant(
        "release a lease in DynamoDB unconditionally",
        r'"wanted = :wanted AND leaseHolder = :holder"',
        '"(wanted = :wanted AND leaseHolder = :holder) OR attribute_exists(pk)"',
    ),
    Mutant("take over a lease in DynamoDB that has not ended", r"leaseUntil < :now", "leaseUntil > :now"),
    Mutant(
        "overwrite records in DynamoDB that others have changed",
        r'"#version = :version"',
        '"#version = :version OR attribute_exists(pk)"',
    ),
    Mutant(
        "forget in DynamoDB what a decision rests on",
        r'writes \+= \[\{"ConditionCheck".*',
        "pass",
    ),
)
"""Faults of the ledger in DynamoDB, which only its contract tests can see: those that take a `ledger`."""
