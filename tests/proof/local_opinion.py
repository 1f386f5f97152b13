"""What the local cloud's own reading of policies says of a request that is not sent: its pure part, without who is asked for."""

import json

from evaluator import Question

from provider.localcloud.corrections.policy_patterns import Reader
from provider.localcloud.corrections.policy_statements import statements


def would_allow(question: Question) -> bool:
    """Whether the policies would allow it, whatever account, role or user a resource's policy names as its principal."""
    keys = json.loads(question.keys)
    reader = Reader(lambda key: keys.get(key.lower()))
    of_identity = [one for text in question.identity for one in statements(text)]
    of_session, of_resource = (statements(text) if text else [] for text in (question.session, question.policy))

    def says(effect: str, layer: list[object]) -> bool:
        return any(one.effect == effect and one.is_about(question.action, question.resource, reader) for one in layer)

    if any(says("Deny", layer) for layer in (of_identity, of_session, of_resource)):
        return False
    if question.session and not says("Allow", of_session):
        return False
    sides = [says("Allow", of_identity), says("Allow", of_resource)]
    if ":" not in question.principal:
        named = [one for one in of_resource if question.principal in (one.principal or {}).get("Service", [])]
        return says("Allow", named)
    both = keys.get("aws:principalaccount") != question.owner or question.action.startswith("sts:")
    return all(sides) if both else any(sides)
