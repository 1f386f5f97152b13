"""Accounts and names, as the templates fix them."""

from accounts import ACCOUNTS

CONSUMER, CENTRAL, OWNER, INTRUDER = (ACCOUNTS[name] for name in ("consumer", "central", "owner", "intruder"))
HOME = "us-east-1"

PREFIX = "cross-account-permission"
REQUESTS, ANSWERS, GRANTS = (f"{PREFIX}-{table}" for table in ("requests", "answers", "grants"))

PATH = "/cross-account/"
"""The path of roles that can be published."""
