"""A JSON Schema by which editors know the three resource types inside a CloudFormation or SAM template.

`template_schema` makes it of the schemas that the controller validates with; `template.schema.json` is what it has made.
"""
