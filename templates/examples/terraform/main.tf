# Example of a consumer in Terraform: a role of this account may call another account's REST API for as long as the resource
# aws_lambda_invocation.orders_permission stands. Apply it in the consumer's account.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

variable "target" {
  type        = string
  description = "Full name of the target to ask for, such as 333333333333/orders."
  validation {
    condition     = can(regex("^([0-9]{12}/)?[a-z][a-z0-9-]{0,62}$", var.target))
    error_message = "Must be the owner's 12-digit account id, a slash and the target's name, or a reserved name."
  }
}

variable "principals" {
  type        = list(string)
  description = "ARNs of the roles and users of this account that may call, such as arn:aws:iam::111111111111:role/orders-job."
}

variable "paths" {
  type        = list(string)
  description = "What they may call, such as /orders and /orders/*."
  default     = ["/orders"]
}

variable "revision" {
  type        = string
  description = "Without meaning; a changed value asks anew, and so learns where a moved target is."
  default     = "1"
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region

  # Who asks: this configuration, apart for each workspace, in the form of a stack's ARN; and under which name.
  origin     = "arn:${local.partition}:cloudformation:${local.region}:${local.account}:stack/orders-${terraform.workspace}/terraform"
  logical_id = "OrdersPermission"

  # What CloudFormation would send, less RequestType and PhysicalResourceId, which the function takes from what Terraform adds.
  event = {
    StackId           = local.origin
    LogicalResourceId = local.logical_id
    ResourceType      = "Custom::CrossAccountPermission"
    ResourceProperties = {
      ServiceToken = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:cross-account-permission"
      Target       = var.target
      GrantType    = "ExecuteApi"
      Principals   = var.principals
      Methods      = ["GET"]
      Paths        = var.paths
      Revision     = var.revision
    }
  }
}

resource "aws_lambda_invocation" "orders_permission" {
  function_name = "cross-account-permission"
  input         = jsonencode(local.event)

  # CREATE_ONLY, the default, would never take back what was asked.
  lifecycle_scope = "CRUD"

  # Another origin is another resource: it is given up under its old name before it is asked for under the new one.
  triggers = {
    origin     = local.origin
    logical_id = local.logical_id
  }
}

output "invoke_url" {
  description = "URL of the stage."
  value       = jsondecode(aws_lambda_invocation.orders_permission.result).Data.InvokeUrl
}

output "grant_id" {
  description = "Id of the grant, by which the central account's records name it."
  value       = jsondecode(aws_lambda_invocation.orders_permission.result).Data.GrantId
}
