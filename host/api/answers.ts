/** What routes answer, for the documentation. Objects may hold more than is named here. */
const text = { type: 'string' }
const whole = { type: 'integer' }
const more = { additionalProperties: true }
const ms = { type: 'integer', description: 'ms since the epoch' }

export const sentence = {
  description: 'A sentence',
  content: { 'text/plain': { schema: text } },
}

export const bulkAnswer = {
  200: {
    type: 'array',
    items: {
      type: 'object',
      properties: { ruleId: text, success: { type: 'boolean' }, error: text },
    },
  },
}

export const ruleListAnswer = {
  200: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        id: text,
        name: text,
        status: { type: 'string', description: 'In one line: its state, and why' },
        version: text,
        trace: { type: 'boolean' },
        tags: { type: 'array', items: text },
      },
    },
  },
}

export const statusAnswer = {
  200: {
    type: 'object',
    ...more,
    description: 'State, then a metric a key: source_demo_0_records_in_total',
    properties: {
      status: text,
      message: { type: 'string', description: 'Why, and what it waits for, in one line' },
      lastStartTimestamp: ms,
      lastStopTimestamp: ms,
      nextStartTimestamp: { ...ms, description: 'By its schedule; 0: none' },
    },
  },
}

export const checkpointsAnswer = {
  200: {
    type: 'array',
    description: 'Newest first; the last three are kept',
    items: {
      type: 'object',
      properties: {
        epoch: { ...whole, description: 'Of the start of the rule that took it' },
        number: { ...whole, description: 'Within its epoch' },
        at: ms,
        bytes: whole,
        whole: { type: 'boolean', description: 'false: damaged; the one before it is used' },
      },
    },
  },
}

export const stateAnswer = {
  200: {
    description: 'The state, with its checksum',
    content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
  },
}
