import test from 'ava'
import { corpusPages, expressionOf, lateOf, outputOf, plan } from './corpus.ts'

for (const [name, page] of corpusPages()) {
  for (const [expression, expected] of Object.entries(page.values ?? {})) {
    test(`${name}: ${expression} is ${JSON.stringify(expected)}`, (t) => {
      const value = expressionOf(page, expression)
      t.true(isExpected(value, expected), `it is ${JSON.stringify(value)}`)
    })
  }
  for (const statement of page.statements ?? []) {
    const { sql, gives, late } = statement
    const rows = statement.rows === undefined ? '' : ` over ${JSON.stringify(statement.rows)}`
    const options =
      statement.options === undefined ? '' : ` with ${JSON.stringify(statement.options)}`
    test(`${name}: ${sql}${rows}${options}`, (t) => {
      const output = outputOf(page, statement)
      t.true(isExpected(output, gives), `it gives ${JSON.stringify(output)}`)
      if (late === undefined) return
      const rows = lateOf(page, statement)
      t.true(isExpected(rows, late), `late: ${JSON.stringify(rows)}`)
    })
  }
  for (const [sql, reason] of Object.entries(page.refused ?? {})) {
    test(`${name}: ${sql} is refused: ${reason}`, (t) => {
      const error = t.throws(() => plan(page, sql))
      t.true(error?.message.includes(reason), error?.message)
    })
  }
}

test('the corpus is read whole', (t) => {
  const pages = [...corpusPages().values()]
  const count = pages.reduce(
    (all, { values = {}, statements = [], refused = {} }) =>
      all + Object.keys(values).length + statements.length + Object.keys(refused).length,
    0,
  )
  t.true(count >= 400, `${count} statements`)
})

/** Equal, and of an error the words; numbers to the last digits that two computations may differ in. */
function isExpected(value: unknown, expected: unknown): boolean {
  if (typeof value === 'number' && typeof expected === 'number') {
    return Math.abs(value - expected) <= 1e-12 * Math.max(1, Math.abs(expected))
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(value) || value.length !== expected.length) return false
    return expected.every((each, i) => isExpected(value[i], each))
  }
  if (!isObject(expected)) return Object.is(value, expected)
  if (!isObject(value)) return false
  const names = Object.keys(expected)
  if (Object.keys(value).length !== names.length) return false
  return names.every((name) =>
    name === 'error' && typeof value.error === 'string' && typeof expected.error === 'string'
      ? value.error.includes(expected.error)
      : Object.hasOwn(value, name) && isExpected(value[name], expected[name]),
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
