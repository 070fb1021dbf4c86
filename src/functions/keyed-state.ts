import { RowError } from '#src/expressions/errors.ts'
import type { DataType } from '#src/plan/types.ts'
import { cast } from './conversion.ts'
import type { KnownArgument, RowDeclaration } from './declaration.ts'
import { anything, MADE, text } from './signature.ts'
import { isNull, toText, wrong } from './values.ts'

const types = ['bigint', 'float', 'string', 'boolean', 'datetime'] as const

type Type = (typeof types)[number]

/** Values that others put under a name: asked of the host, so the row may have to wait. */
export const keyedStateFunction: RowDeclaration = {
  kind: 'row',
  family: 'other',
  name: 'get_keyed_state',
  parameters: [text('key'), text('type'), anything('default')],
  returns: ([, type]) => resultOf(type),
  guard: 'none',
  volatile: true,
  waits: true,
  doc: `The value that was put under the key with \`PUT /keyed-state/{key}\`, as one of the types ${types.join(', ')}; the default where there is none, as it is. A value that changed is seen within a second.`,
  examples: [
    { sql: "get_keyed_state('limit', 'bigint', 5)", gives: 5 },
    { sql: "get_keyed_state(k, 'string', d)", row: { k: null, d: 'none' }, gives: 'none' },
  ],
  check([, type]) {
    if (type?.literal !== undefined) toType(type.literal)
  },
  make: (environment) => (key: unknown, type: unknown, otherwise: unknown) => {
    if (isNull(key)) return otherwise
    const finish = (found: unknown): unknown => {
      if (isNull(found)) return otherwise
      try {
        return cast(found, toType(type), environment)
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        throw new RowError('wrong-argument', `call func get_keyed_state error: ${message}`)
      }
    }
    const found = environment.keyedState?.(toText(key))
    return found instanceof Promise ? found.then(finish) : finish(found)
  },
}

function resultOf(type: KnownArgument | undefined): DataType {
  const found = types.find((name) => name === type?.literal)
  return found === undefined ? MADE : { type: found }
}

function toType(type: unknown): Type {
  const found = types.find((name) => name === type)
  if (found !== undefined) return found
  throw wrong(`expect one of following value for the 2nd parameter: ${types.join(', ')}`)
}
