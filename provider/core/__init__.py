"""The pure core: what a request means, who may have what, and what a policy must say.

Nothing in here calls anything: no AWS library, no clock, no environment. The rest of the package
imports the core; the core imports nothing of the rest.
"""
