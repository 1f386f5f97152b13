"""Attacks with the observer's role, in the controller's wrong hands, and by those who would like to have it."""

from attack import Attack, assuming, constantly
from attackers import CONSUMER
from deployed_policies import PREFIX

OBSERVER = "observer of consumer"
_STACK = f"{PREFIX}-account-provider"

WITH_THE_OBSERVER = (
    Attack("reads a template", OBSERVER, "cloudformation", "get_template", constantly(StackName=_STACK)),
    Attack("reads a stack's parameters", OBSERVER, "cloudformation", "describe_stacks", constantly(StackName=_STACK)),
    Attack("deletes a stack", OBSERVER, "cloudformation", "delete_stack", constantly(StackName=_STACK)),
    *(
        Attack("becomes the observer", who, "sts", "assume_role", assuming(CONSUMER, "observer"))
        for who in (
            "administrator of central",
            "another role of central",
            "provider of consumer",
            "administrator of consumer",
        )
    ),
)
