import test from 'ava'
import type { Parameter, RowDeclaration } from '#src/functions/declaration.ts'
import { evaluate, functions, outcome, planOf } from './evaluate.ts'

const called = functions.declarations.filter(({ examples }) => examples.length > 0)
const rowFunctions = called.filter((declaration) => declaration.kind === 'row')
const whenNull = { null: null, false: false, zero: 0 }

for (const declaration of rowFunctions) {
  const { name, guard, parameters } = declaration
  const needed = parameters.filter(({ optional }) => optional !== true)
  if (guard === 'none' || needed.length === 0) continue
  test(`${name} of null is ${whenNull[guard]}, whichever argument is null`, (t) => {
    for (const at of needed.keys()) {
      t.is(evaluate(call(declaration), rowOf(declaration, at)) ?? null, whenNull[guard])
    }
  })
}

for (const declaration of rowFunctions) {
  if (declaration.guard !== 'none' || declaration.parameters.length === 0) continue
  test(`${declaration.name} has an answer to nulls, or names itself in the error`, (t) => {
    const answer = outcome(call(declaration), {})
    const error = (answer as { error?: string } | null)?.error
    if (error !== undefined)
      t.true(error.startsWith(`call func ${declaration.name} error: `), error)
    else t.pass()
  })
}

for (const declaration of called) {
  const { name, parameters } = declaration
  const least = parameters.filter(({ optional }) => optional !== true).length
  const isOpen = parameters.at(-1)?.rest === true
  test(`${name} refuses too few and too many arguments`, (t) => {
    const wrong = [...(least > 0 ? [least - 1] : []), ...(isOpen ? [] : [parameters.length + 1])]
    for (const count of wrong) {
      const args = Array.from({ length: count }, (_, index) => `a${index}`)
      const expected = isOpen
        ? `At least has ${least} argument but found ${count}.`
        : `Expect ${range(least, parameters.length)} arguments but found ${count}.`
      t.throws(() => planOf(`${name}(${args.join(', ')})`), {
        message: new RegExp(`^validate function ${name} error: ${RegExp.escape(expected)}`),
      })
    }
    t.true(wrong.length > 0 || least === 0)
  })
}

for (const declaration of called) {
  const typed = [...declaration.parameters.entries()].filter(([, { types }]) => types !== undefined)
  if (typed.length === 0) continue
  test(`${declaration.name} refuses what can never be an argument`, (t) => {
    for (const [at, { types = [] }] of typed) {
      const wrong = types.includes('struct') || types.includes('array') ? 'true' : 'o'
      const args = declaration.parameters.map((parameter, index) =>
        index === at ? wrong : sample(parameter),
      )
      const sql = `${declaration.name}(${args.join(', ')})`
      t.throws(() => planOf(sql, { schema: everyType }), {
        message: new RegExp(`Expect .+ type for parameter ${at + 1} `),
      })
    }
  })
}

test('a literal of a wrong type is refused, a column may be converted', (t) => {
  const refused = (sql: string) => t.throws(() => planOf(sql, { schema }))?.message
  const schema = 's STRING, i BIGINT, f FLOAT, b BOOLEAN'
  const at = ' (line 1, column 8)'
  t.is(
    refused('upper(5)'),
    `validate function upper error: Expect string type for parameter 1${at}`,
  )
  t.is(
    refused('abs("x")'),
    `validate function abs error: Expect number - float or int type for parameter 1${at}`,
  )
  t.is(
    refused('had_changed("x", i)'),
    `validate function had_changed error: Expect bool type for parameter 1${at}`,
  )
  t.is(
    refused('hour(true)'),
    `validate function hour error: Expect datetime type for parameter 1${at}`,
  )
  t.is(evaluate('upper(i)', { i: 5 }, { schema }), '5')
  t.is(evaluate('substring(s, f)', { s: 'abc', f: 1 }, { schema }), 'bc')
})

test('names of functions ignore case, and synonyms mean the same', (t) => {
  t.is(evaluate('CEILING(x)', { x: 1.5 }), 2)
  t.is(evaluate('Pow(x, 2)', { x: 3 }), 9)
  t.is(functions.lookup('DAY'), functions.lookup('day_of_month'))
  t.is(functions.nearest('substrin'), 'substring')
  t.is(functions.nearest('ecoh', ['echo']), 'echo')
})

/** A call with as few arguments as there may be. */
function call({ name, parameters }: RowDeclaration): string {
  const needed = parameters.filter(({ optional }) => optional !== true)
  return `${name}(${needed.map((_, index) => `a${index}`).join(', ')})`
}

/** A row with something in every argument but one. */
function rowOf({ parameters }: RowDeclaration, nullAt: number): Record<string, unknown> {
  return Object.fromEntries(
    parameters.map((_, index) => [`a${index}`, index === nullAt ? null : 1]),
  )
}

function range(least: number, most: number): string {
  return least === most ? `${least}` : `${least} to ${most}`
}

const everyType =
  'i BIGINT, f FLOAT, s STRING, b BOOLEAN, t DATETIME, x BYTEA, a ARRAY(BIGINT), o STRUCT(x BIGINT)'

const samples: Readonly<Record<string, string>> = {
  bigint: 'i',
  float: 'f',
  string: 's',
  boolean: 'true',
  datetime: 't',
  array: 'a',
  struct: 'o',
}

/** A column of a type that the parameter takes. */
function sample({ types }: Parameter): string {
  return samples[types?.[0] ?? 'bigint'] ?? 'i'
}

test('every declaration has a documentation of whole sentences', (t) => {
  for (const declaration of functions.declarations) {
    t.true(declaration.doc.endsWith('.'), declaration.name)
  }
})
