"""Faults that were thought of and must not come back: each is one change to the text of the core or the controller.

A pattern must match exactly once; where it does not, the text has moved on and the mutant must be written anew.
`by` are the test files of the controller that are run against it, the one that shows it fastest first.
"""

from dataclasses import dataclass

LIFE, GAPS, CROWD = "test_grant_lifecycle.py", "test_meanwhile.py", "test_concurrent_writers.py"
PASSES, LAMBDA, LEDGER = "test_pass_obstacles.py", "test_function_policy_errors.py", "test_ledger_contract.py"
ANSWERS = "test_controller_answers.py"


@dataclass(frozen=True)
class Mutant:
    """`pattern` (a regular expression) becomes `replacement`."""

    name: str
    pattern: str
    replacement: str
    by: tuple[str, ...]


MUTANTS = (
    # --- leases ------------------------------------------------------------------------------------------
    Mutant("write without the lease", r"holder = secrets\.token_hex\(8\)", 'holder = "anybody"', (CROWD,)),
    Mutant(
        "release the lease unconditionally",
        r"self\._ledger\.release\(resource, names, due_at\)",
        "self._ledger.release(self._ledger.acquire(arn, holder, self._clock.now()) or resource, names, due_at)",
        (CROWD,),
    ),
    Mutant(
        "release the lease in DynamoDB unconditionally",
        r'"wanted = :wanted AND leaseHolder = :holder"',
        '"(wanted = :wanted AND leaseHolder = :holder) OR attribute_exists(pk)"',
        (LEDGER,),
    ),
    Mutant(
        "take over a lease in DynamoDB that has not ended",
        r"leaseHolder = :holder OR leaseUntil < :now",
        "leaseHolder = :holder OR leaseUntil > :now",
        (LEDGER,),
    ),
    # --- the order of things -----------------------------------------------------------------------------
    Mutant(
        "remove before add",
        r'"Statement": foreign \+ wanted',
        '"Statement": foreign + ([] if removed else wanted)',
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
        r"replace\(row, placed=row\.placed \| \{arn\}\)",
        "replace(row)",
        (GAPS,),
    ),
    Mutant(
        "answer before committing",
        r"( +)now = self\._clock\.now\(\)\n +if one\.after is None:",
        r"\1for key, answer in one.answers:\n\1    self._desk.answer(key, answer)\n\g<0>",
        (GAPS,),
    ),
    # --- events ------------------------------------------------------------------------------------------
    Mutant("forget answered request ids", r"if self\._desk\.is_answered\(key\):", "if False:", (LIFE,)),
    Mutant("ignore issuedAt", r"if last is not None and is_overtaken\(request, last\):", "if False:", (LIFE,)),
    Mutant(
        "let a Create win over a Delete of the same second",
        r"return last\.type is RequestType\.DELETE and request\.type is not RequestType\.DELETE",
        "return False",
        (GAPS,),
    ),
    Mutant("forget when an emptied origin was last asked", r"places=places, last=last\)", "places=places)", (LIFE,)),
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
        "an Update keeps all that was held", r"return \(held & known\) \| \{asked\}", "return held | {asked}", (GAPS,)
    ),
    Mutant(
        "a Delete of an invented id gives up nothing",
        r"is_declaration_id\(request\.physical_id\) else frozenset\(\)",
        "is_declaration_id(request.physical_id) else held",
        (LIFE,),
    ),
    Mutant("give up what was held before", r"fresh = bool\(asks\) and all\(.*\)", "fresh = bool(asks)", (GAPS,)),
    # --- policies ----------------------------------------------------------------------------------------
    Mutant(
        "match ours by principal",
        r'return str\(statement\.get\("Sid", ""\)\)\.startswith\(.*\)',
        'return "apigateway.amazonaws.com" in str(statement.get("Principal"))',
        (LAMBDA, GAPS),
    ),
    Mutant("drop what is foreign", r'"Statement": foreign \+ wanted', '"Statement": wanted', (LIFE,)),
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
    Mutant("remove whatever the ledger does not know", r"if len\(kept\) > max\(.*\):", "if False:", (PASSES,)),
    # --- records -----------------------------------------------------------------------------------------
    Mutant(
        "overwrite records in DynamoDB that others have changed",
        r'"#version = :version"',
        '"#version = :version OR attribute_exists(pk)"',
        (LEDGER,),
    ),
    Mutant(
        "answer a failed Update with another id",
        r"return request\.physical_id\n",
        'return f"failed-{request.key.request_id}"\n',
        (ANSWERS,),
    ),
)
