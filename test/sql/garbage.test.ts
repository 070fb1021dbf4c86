import test from 'ava'
import { SqlError, sqlErrorCodes } from '#src/sql/errors.ts'
import { parseExpression, parseStatement, parseStatements } from '#src/sql/parse.ts'
import { Random } from './random.ts'
import { StatementGenerator } from './statement-generator.ts'

const seed = Number(process.env.SQL_SEED ?? 1)

const pieces =
  'SELECT FROM WHERE GROUP BY ORDER LIMIT CASE WHEN THEN END NOT IN IS NULL BETWEEN AND LIKE OVER FILTER ( ) [ ] ' +
  ', . -> : ; * + - / % & | ^ = != < > <= " \' ` \\ a b 1 2.5 .5 1e9 "x" /* */ -- # @ $ é 温 😀 \ud800 __proto__ ' +
  'constructor toString CREATE STREAM TABLE SHOW DESCRIBE DROP WITH BIGINT STRUCT ARRAY DEFAULT \n \t \u0000 \u2028'

const definitions = [
  'CREATE STREAM s (a BIGINT DEFAULT -5, b ARRAY(STRUCT(c STRING, d FLOAT))) WITH (DATASOURCE="x", FORMAT="json")',
  'CREATE TABLE t () WITH (TYPE="memory", KIND="lookup", KEY="id", SHARED=TRUE)',
  'DESCRIBE STREAM s',
  'SHOW TABLES;',
]

function check(text: string): void {
  for (const parse of [parseStatement, parseStatements, parseExpression]) {
    try {
      parse(text)
    } catch (error) {
      if (!(error instanceof SqlError) || !sqlErrorCodes.includes(error.code)) throw error
    }
  }
}

test('nothing but an SqlError is thrown for heaps of words and signs', (t) => {
  const random = new Random(seed)
  const words = pieces.split(' ')
  for (let number = 0; number < 3000; number++) {
    const separator = random.pick(['', ' '])
    const text = random.list(1, 20, () => random.pick(words)).join(separator)
    t.notThrows(() => check(text), `seed ${seed}: ${JSON.stringify(text)}`)
  }
})

test('nothing but an SqlError is thrown for definitions and statements that are damaged or cut', (t) => {
  const random = new Random(seed)
  const generator = new StatementGenerator(random)
  for (let number = 0; number < 1500; number++) {
    const whole = random.chance(0.5) ? random.pick(definitions) : generator.select()
    const text = random.chance(0.5)
      ? generator.mutated(whole)
      : whole.slice(0, random.below(whole.length))
    t.notThrows(() => check(text), `seed ${seed}: ${JSON.stringify(text)}`)
  }
})
