"""Calling an API as a consumer would: the request signed and sent, and why it was refused, as far as that can be told.

What the ledger holds is an argument here; how it is kept is the controller's.
"""
