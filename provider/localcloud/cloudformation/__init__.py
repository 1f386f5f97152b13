"""CloudFormation's life cycle of stacks and custom resources, in place of the base emulator's.

The base parses templates, resolves functions and provisions resource types; when an operation creates,
updates, rolls back, cleans up and deletes, and what a custom resource's provider is told, is decided here.
"""
