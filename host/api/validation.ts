import type { FastifySchemaValidationError } from 'fastify/types/schema.js'
import { HostError } from '#host/errors.ts'
import { didYouMean } from '#src/sql/errors.ts'
import { nearest } from '#src/sql/near.ts'

/** What a schema found, as a sentence: the first thing only, since others often follow from it. */
export function validationError(
  errors: readonly FastifySchemaValidationError[],
  part: string,
): HostError {
  const choice = errors.find(({ keyword }) => keyword === 'anyOf')
  const first = choice ?? errors[0]
  return new HostError(
    'bad-body',
    first === undefined ? `${part} is wrong` : sentence(first, errors, part),
  )
}

function sentence(
  error: FastifySchemaValidationError,
  all: readonly FastifySchemaValidationError[],
  part: string,
): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.')
  const subject = path === '' ? (part === 'body' ? 'the body' : part) : `"${path}"`
  switch (error.keyword) {
    case 'required':
      return `"${String(error.params.missingProperty)}" is missing in the ${part}`
    case 'additionalProperties':
      return unknownKey(String(error.params.additionalProperty), error, part)
    case 'type':
      return `${subject} must be ${article(String(error.params.type))}`
    case 'anyOf': {
      const values = all.flatMap(({ keyword, params }) =>
        keyword === 'const' ? [JSON.stringify(params.allowedValue)] : [],
      )
      return `${subject} must be one of ${values.join(', ')}`
    }
    default:
      return `${subject} ${error.message ?? 'is wrong'}`
  }
}

function unknownKey(key: string, error: FastifySchemaValidationError, part: string): string {
  const known = knownKeys(error)
  const hint = didYouMean(
    nearest(key, known),
    known.length > 0 ? `there are ${known.join(', ')}` : undefined,
  )
  return hint === undefined
    ? `unknown key "${key}" in the ${part}`
    : `unknown key "${key}" in the ${part}; ${hint}`
}

/** With ajv's option `verbose` an error carries the schema that found it. */
function knownKeys(error: object): string[] {
  if (!('parentSchema' in error)) return []
  const schema = error.parentSchema
  if (typeof schema !== 'object' || schema === null || !('properties' in schema)) return []
  return Object.keys(schema.properties ?? {})
}

function article(type: string): string {
  return /^[aio]/.test(type) ? `an ${type}` : `a ${type}`
}
