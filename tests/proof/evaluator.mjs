// Judges requests to IAM by policies, one line of JSON in, one out; ends with its input. See evaluator.py.
import { validateIdentityPolicy, validateResourcePolicy } from '@cloud-copilot/iam-policy'
import { runSimulation, runUnsafeSimulation } from '@cloud-copilot/iam-simulate'
import { createInterface } from 'node:readline'

const loaded = new Map()

function policy(text, kind) {
  const key = `${kind} ${text}`
  if (!loaded.has(key)) {
    const validate = kind === 'resource' ? validateResourcePolicy : validateIdentityPolicy
    const document = JSON.parse(text)
    const errors = validate(document)
    if (errors.length > 0) throw new Error(`${JSON.stringify(errors)} in ${text}`)
    loaded.set(key, document)
  }
  return loaded.get(key)
}

// The session policy and the boundary narrow alike what the identity's policies allow.
function simulation(asked) {
  return {
    request: {
      principal: asked.principal,
      action: asked.action,
      resource: { resource: asked.resource, accountId: asked.owner },
      contextVariables: JSON.parse(asked.keys)
    },
    identityPolicies: asked.identity.map((text, number) => ({ name: `${number}`, policy: policy(text, 'identity') })),
    sessionPolicy: asked.session ? policy(asked.session, 'identity') : undefined,
    resourcePolicy: asked.policy ? policy(asked.policy, 'resource') : undefined,
    serviceControlPolicies: [],
    resourceControlPolicies: []
  }
}

// What the evaluator's own list of resource types cannot place is judged without that list.
function unplaced(whole) {
  const { sessionPolicy, ...rest } = whole
  const bounded = sessionPolicy ? [{ name: 'session', policy: sessionPolicy }] : undefined
  return runUnsafeSimulation({ ...rest, permissionBoundaryPolicies: bounded }, {})
}

async function judged(asked) {
  const whole = simulation(asked)
  const found = await runSimulation(whole, {})
  if (found.resultType !== 'error') return { allowed: found.overallResult === 'Allowed', unplaced: '' }
  if (found.errors.message === 'policy.errors') throw new Error(JSON.stringify(found.errors))
  return { allowed: unplaced(whole) === 'Allowed', unplaced: found.errors.message }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { questions, until } = JSON.parse(line)
  const answers = []
  try {
    for (const asked of questions) {
      answers.push(await judged(asked))
      if (answers.at(-1).allowed === until) break
    }
    process.stdout.write(JSON.stringify({ answers }) + '\n')
  } catch (error) {
    process.stdout.write(JSON.stringify({ error: String(error?.stack ?? error) }) + '\n')
  }
}
