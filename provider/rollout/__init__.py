"""Rolling out: the templates deployed in their order, through CloudFormation, with whatever sessions the caller has."""
