"""How long a controller may hold a resource, so that two never write the same policy at once."""

LEASE = 75.0
"""Seconds for which a resource belongs to one controller."""
LAST_WRITE = 40.0
"""Seconds after which a pass begins no write, so that none outlives the lease: a write is bounded in `sessions`."""
PASS = 60.0
"""Seconds after which a pass has ended, its conclusions included."""
