"""Rules for cfn-lint that know the three resource types: the mistake is seen while it is typed, not as a red stack.

cfn-lint loads the files of `provider.lint.rules` by their path (`cfn-lint template.yaml -a "$(crossaccount rules)"`); what they share is here.
"""
