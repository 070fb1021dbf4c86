/** What the routes of plugins answer, for the documentation. Objects may hold more than is named here. */
const text = { type: 'string' }
const whole = { type: 'integer' }
const ms = { type: 'integer', description: 'ms since the epoch' }
const texts = { type: 'array', items: text }

function object(properties: object, description = '') {
  return { type: 'object', additionalProperties: true, properties, description }
}

function list(items: object, description = '') {
  return { type: 'array', items, description }
}

const job = object(
  {
    id: text,
    title: { type: 'string', description: 'install of http://…/random.zip' },
    state: { type: 'string', description: 'running, done, failed, cancelled' },
    step: {
      type: 'string',
      description:
        'waiting, downloading, downloaded, checked, bundled, inspected, stored, recorded, moving rules, done',
    },
    bytes: { type: 'integer', description: 'Of the zip, so far' },
    total: { type: 'integer', description: 'Of the zip; missing where nobody said' },
    startedAt: ms,
    endedAt: ms,
    answer: { type: 'string', description: 'Of one that is done: what the call had answered' },
    error: object({ code: text, message: text }),
  },
  'An installation that is not waited for',
)

export const jobAnswer = { 200: job }
export const jobsAnswer = { 200: list(job, 'The latest first') }

/** Of what may be a job: the sentence, or where the job is. */
export function jobOr(code: 200 | 201) {
  return {
    [code]: { description: 'Done', content: { 'text/plain': { schema: text } } },
    202: {
      description: 'With ?async=true: it is under way; header location says where it is followed',
      content: { 'application/json': { schema: job } },
    },
  }
}

export const versionsAnswer = {
  200: object({
    package: text,
    versions: list(
      object({
        version: text,
        tier: text,
        extensions: list(object({ kind: text, name: text, options: object({}) })),
        grants: object({}),
        sha256: text,
        file: text,
        rules: { ...texts, description: 'That hold this version' },
        superseded: { type: 'boolean', description: 'It was replaced and stays for its rules' },
      }),
      'The newest first',
    ),
  }),
}

export const removedAnswer = {
  200: object({ removed: list(object({ package: text, version: text })) }),
}

export const auditAnswer = {
  200: list(
    object({
      package: text,
      version: text,
      what: {
        type: 'string',
        description: 'install, upgrade, move, grant, revoke, remove, prune, refused',
      },
      rule: text,
      detail: text,
      result: { type: 'string', description: 'done, refused, or why it failed' },
      count: whole,
      firstAt: ms,
      lastAt: ms,
    }),
    'The latest first',
  ),
}

export const logsAnswer = {
  200: list(object({ time: text, level: text, rule: text, msg: text }), 'The latest last'),
}

const counts = {
  rows_in_total: whole,
  rows_out_total: whole,
  errors_total: whole,
  cpu_ms: { type: 'integer', description: 'Of the workers that it runs in' },
  memory_bytes: { type: 'integer', description: 'Of the workers that it runs in' },
}

export const figuresAnswer = {
  200: object({
    package: text,
    ...counts,
    refused_total: whole,
    rules: list(
      object({ rule: text, version: text, state: text, ...counts, shares_worker_with: texts }),
    ),
  }),
}
