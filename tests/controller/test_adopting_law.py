"""Whatever is adopted, withdrawn and asked for, in whatever order: nobody is refused, and exactly what is adopted and granted goes."""

from collections.abc import Sequence

from adopting import Adopting, by_gateway, by_hand, document
from centre import CONSUMER, FUNCTION, OTHER, Centre, Resource, permission, source, target
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.core.identifiers import Arn

LAW = settings(derandomize=True, database=None, max_examples=60, deadline=None)
Use = tuple[str, str, str]
"""An account, its API and an authorizer of that, or all."""

USES = st.tuples(
    st.sampled_from([CONSUMER, OTHER]),
    st.sampled_from(["apiaaaaaaa", "apibbbbbbb"]),
    st.sampled_from(["x1", "x2", "*"]),
)
STATEMENTS = st.lists(st.lists(USES, min_size=1, max_size=3, unique=True), min_size=1, max_size=3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("adopt"), st.integers(0, 2)),
        st.tuples(st.just("withdraw"), st.integers(0, 2)),
        st.tuples(st.just("ask"), USES),
    ),
    max_size=10,
)


def policy(statements: Sequence[Sequence[Use]]) -> dict[str, object]:
    """One statement for each list, as somebody has written it."""
    return document(
        *(
            by_hand(
                sid=f"S{number}",
                Condition={"ArnLike": {"AWS:SourceArn": [source(api, one, account) for account, api, one in uses]}},
            )
            for number, uses in enumerate(statements)
        )
    )


def is_granted(use: Use, asked: set[Use]) -> bool:
    account, api, _ = use
    return use in asked or (account, api, "*") in asked


@given(STATEMENTS, STEPS)
@LAW
def test_nobody_is_refused_and_exactly_what_is_adopted_and_granted_goes(
    statements: list[list[Use]], steps: list[tuple[str, int | Use]]
) -> None:
    centre = Centre()
    centre.policies.create(FUNCTION, policy(statements))
    one = Adopting(centre)
    one.ask(target(AllowedAccounts=[CONSUMER, OTHER], MaximumPolicySharePerAccount="100"))
    one.calls = [
        (FUNCTION, by_gateway(account, api, each.replace("*", "x9")))
        for uses in statements
        for account, api, each in uses
    ]
    standing, adopted, asked = {f"S{number}": uses for number, uses in enumerate(statements)}, set[str](), set[Use]()
    for number, (step, what) in enumerate(steps):
        if step == "ask":
            assert not isinstance(what, int)
            account, api, each = what
            ids = {} if each == "*" else {"AuthorizerIds": [each]}
            one.ask(Resource(account, "Permission", permission(ApiId=api, **ids).properties, f"Permission{number}"))
            asked.add(what)
        elif (sid := f"S{what}") in standing:
            if step == "adopt":
                one.adopt(FUNCTION, sid)
                adopted.add(sid)
            else:
                ledger = centre.ledger
                ledger.adopted = {key: kept for key, kept in ledger.adopted.items() if kept.statement["Sid"] != sid}
                adopted.discard(sid)
        gone = {sid for sid, uses in standing.items() if sid in adopted and all(is_granted(use, asked) for use in uses)}
        standing = {sid: uses for sid, uses in standing.items() if sid not in gone}
        assert one.sids() == sorted(standing)
        one.look()
    assert Arn(FUNCTION) in centre.ledger.resources
