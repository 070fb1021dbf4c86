import { commonType } from '#src/plan/infer.ts'
import type { FunctionEnvironment, RowDeclaration } from './declaration.ts'
import { anything, BIGINT, BOOLEAN, rest, STRING, sameAs, text, whole } from './signature.ts'
import { v1 } from './uuid.ts'
import { isNull, toCount, toText, wrong } from './values.ts'

export const otherFunctions: readonly RowDeclaration[] = [
  {
    kind: 'row',
    family: 'other',
    name: 'isnull',
    parameters: [anything('value')],
    returns: BOOLEAN,
    guard: 'none',
    doc: 'Whether the value is null.',
    examples: [
      { sql: 'isnull(z)', row: { z: null }, gives: true },
      { sql: 'isnull(i)', row: { i: 0 }, gives: false },
    ],
    make: () => (value: unknown) => isNull(value),
  },
  {
    kind: 'row',
    family: 'other',
    name: 'coalesce',
    parameters: [rest(anything('value'))],
    returns: (args) => commonType(args.map(({ dataType }) => dataType)),
    guard: 'none',
    doc: 'The first of the values that is not null.',
    examples: [{ sql: "coalesce(z, 'none')", row: { z: null }, gives: 'none' }],
    inline: ({ names }) => ({
      when: 'true',
      value: `(${names.map((v) => `${v} !== null && ${v} !== undefined ? ${v} : `).join('')}null)`,
    }),
    make:
      () =>
      (...values: unknown[]) => {
        for (const value of values) if (!isNull(value)) return value
        return null
      },
  },
  {
    kind: 'row',
    family: 'other',
    name: 'bypass',
    parameters: [anything('value')],
    returns: sameAs(0),
    guard: 'none',
    doc: 'The value as it is.',
    examples: [{ sql: 'bypass(o)', row: { o: { a: 1 } }, gives: { a: 1 } }],
    make: () => (value: unknown) => value,
  },
  {
    kind: 'row',
    family: 'other',
    name: 'newuuid',
    parameters: [],
    returns: STRING,
    guard: 'none',
    volatile: true,
    doc: 'A new UUID (version 1: time and chance).',
    examples: [{ sql: 'length(newuuid())', gives: 36 }],
    make: (environment) => v1(environment),
  },
  {
    kind: 'row',
    family: 'other',
    name: 'tstamp',
    parameters: [],
    returns: BIGINT,
    guard: 'none',
    volatile: true,
    doc: 'The time now, in milliseconds since 1970.',
    examples: [{ sql: 'tstamp() > 0', gives: true }],
    make:
      ({ now }) =>
      () =>
        now(),
  },
  {
    kind: 'row',
    family: 'other',
    name: 'rule_id',
    parameters: [],
    returns: STRING,
    guard: 'none',
    volatile: true,
    doc: 'The id of the rule.',
    examples: [{ sql: 'rule_id()', gives: 'example' }],
    make:
      ({ ruleId }) =>
      () =>
        ruleId,
  },
  {
    kind: 'row',
    family: 'other',
    name: 'rule_start',
    parameters: [],
    returns: BIGINT,
    guard: 'none',
    volatile: true,
    doc: 'When the rule was started, in milliseconds since 1970.',
    examples: [{ sql: 'rule_start()', gives: 1000 }],
    make:
      ({ startedAt }) =>
      () =>
        startedAt,
  },
  {
    kind: 'row',
    family: 'other',
    name: 'props',
    parameters: [text('key')],
    returns: STRING,
    guard: 'null',
    volatile: true,
    doc: 'A property of the host by name, null when it has none; `et` is the time now in milliseconds.',
    examples: [{ sql: "props('nosuch')", gives: null }],
    make: (environment) => (key: unknown) => property(toText(key), environment),
  },
  {
    kind: 'row',
    family: 'other',
    name: 'delay',
    parameters: [whole('ms'), anything('value')],
    returns: sameAs(1),
    guard: 'none',
    volatile: true,
    doc: 'The value, after that many milliseconds, at most 1000. The whole rule waits: it is for tests.',
    examples: [{ sql: 'delay(1, i)', row: { i: 7 }, gives: 7 }],
    make: () => (ms: unknown, value: unknown) => {
      const wait = isNull(ms) ? 0 : toCount(ms, 'first argument')
      if (wait < 0 || wait > longestDelayMs)
        throw wrong(`the delay should be 0 to ${longestDelayMs} ms`)
      const end = performance.now() + wait
      // A thread that cannot wait can only be busy.
      while (performance.now() < end);
      return value
    },
  },
]

const longestDelayMs = 1000

function property(key: string, { props, now }: FunctionEnvironment): string | number | null {
  if (Object.hasOwn(props, key)) return props[key] ?? null
  return key === 'et' ? now() : null
}
