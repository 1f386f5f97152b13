"""The resource types as typed constructs of AWS's CDK: what they say is what a template would say, and nothing more.

`properties` names and types what each takes and needs no CDK; `constructs` needs aws-cdk-lib, the extra `cdk` of this package.
"""
