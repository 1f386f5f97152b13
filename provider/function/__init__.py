"""The provider: the function that a stack's ServiceToken names, in each account and Region.

It carries an event to the centre and the centre's answer back. It runs where everyone else distrusts it, so it has
no power and no meaning of its own: it must not know what a target or a grant is, and imports nothing of `provider`
but itself.
"""
