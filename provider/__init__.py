"""Cross-account permissions for CloudFormation.

`core` is pure, `controller` and `function` are the two Lambda functions on it, `cli` is the command
line, `localcloud` is a local AWS that knows nothing of the rest.
"""

__version__ = "0.1.0"
