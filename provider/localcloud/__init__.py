"""A local AWS for demos, tests and trying templates: several accounts, IAM enforced, real Lambda zips run.

It knows nothing of the rest of this project and must stay so: whatever it does, AWS does too.
"""
