"""Attacks on our roles and our bucket: real calls that AWS must refuse, and requests that no client can send here.

Each is judged twice: by the local cloud, which is really called, and by the evaluator, of what IAM was asked for it.
"""

from asking_attacks import ON_THE_REQUEST_ROLE, WITH_THE_PROVIDER, WITH_THE_REQUEST_ROLE
from bucket_attacks import ON_THE_BUCKET
from controller_attacks import WITH_THE_CONTROLLER
from grantor_attacks import ON_APIS, ON_FUNCTIONS, ON_ROLES
from looking_attacks import WITH_A_LOOK
from observer_attacks import WITH_THE_OBSERVER
from reading_attacks import ON_THE_READER, WITH_THE_AUDITOR, WITH_THE_READER, WITH_THE_VIEWER
from variations import VARIATIONS

__all__ = ["ATTACKS", "VARIATIONS"]

ATTACKS = (
    *ON_THE_REQUEST_ROLE,
    *WITH_THE_REQUEST_ROLE,
    *WITH_THE_PROVIDER,
    *WITH_THE_CONTROLLER,
    *ON_FUNCTIONS,
    *ON_APIS,
    *ON_ROLES,
    *WITH_THE_OBSERVER,
    *ON_THE_READER,
    *WITH_THE_VIEWER,
    *WITH_THE_READER,
    *WITH_THE_AUDITOR,
    *WITH_A_LOOK,
    *ON_THE_BUCKET,
)
