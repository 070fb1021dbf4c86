import test from 'ava'
import type { Expression } from '#src/sql/ast.ts'
import { parseExpression, parseStatement } from '#src/sql/parse.ts'
import { printExpression } from '#src/sql/print.ts'
import { expressionsOf } from '#src/sql/tree.ts'
import { withoutPositions } from './positions.ts'
import { Random } from './random.ts'
import { StatementGenerator } from './statement-generator.ts'

const cases: readonly (readonly [written: string, printed: string])[] = [
  ['a+b*c', 'a + b * c'],
  ['(a+b)*c', '(a + b) * c'],
  ['a-(b-c)', 'a - (b - c)'],
  ['a=1 or b=2 and not c', 'a = 1 OR b = 2 AND NOT c'],
  ['not (a or b)', 'NOT (a OR b)'],
  ['- -a', '- -a'],
  ['-(a+1)', '-(a + 1)'],
  ['a - -5', 'a - -5'],
  ['a->b[0:2]->`c d`.end', 'a->b[0:2]->`c d`.end'],
  ['a[:]', 'a[:]'],
  ['"it\'s"', '"it\'s"'],
  ['\'say "hi"\\n\'', '"say \\"hi\\"\\n"'],
  ['5.0', '5.0'],
  ['1e3', '1000.0'],
  ['12345678901234567890', '12345678901234567890'],
  ['true', 'TRUE'],
  ['a in (1,2)', 'a IN (1, 2)'],
  ['a not in b->c', 'a NOT IN b->c'],
  ['a in (1) = true', 'a IN (1) = TRUE'],
  ['a in (1) + 1', '(a IN (1)) + 1'],
  ['a between 1 and 2 and b not like "x%"', 'a BETWEEN 1 AND 2 AND b NOT LIKE "x%"'],
  ['a is not null', 'a IS NOT NULL'],
  ['case a when 1 then "x" else "y" end', 'CASE a WHEN 1 THEN "x" ELSE "y" END'],
  ['cast(a as BIGINT)', 'cast(a, "bigint")'],
  ['count(distinct a)', 'count(DISTINCT a)'],
  ['count(* except(a,b) replace(c+1 as c))', 'count(* EXCEPT(a, b) REPLACE(c + 1 AS c))'],
  ['lag(a,1) over(partition by b when c>1)', 'lag(a, 1) OVER(PARTITION BY b WHEN c > 1)'],
  ['row_number() over(order by a desc, b)', 'row_number() OVER(ORDER BY a DESC, b)'],
  ['f(a) filter(where b)', 'f(a) FILTER(WHERE b)'],
  ['`order` + `x y`', '`order` + `x y`'],
  ['left(a,2)', 'left(a, 2)'],
]

for (const [written, printed] of cases) {
  test(`${written} is printed as ${printed}`, (t) => {
    t.is(printExpression(parseExpression(written)), printed)
    t.is(printExpression(parseExpression(printed)), printed)
  })
}

test('a printed expression parses to the same tree', (t) => {
  const generator = new StatementGenerator(new Random(42))
  for (let number = 0; number < 500; number++) {
    const statement = parseStatement(generator.select())
    if (statement.type !== 'select') return t.fail('no SELECT')
    for (const expression of expressionsOf(statement)) {
      const text = printExpression(expression)
      const again = isStar(expression) ? expression : parseExpression(text)
      t.deepEqual(withoutPositions(again), withoutPositions(expression), text)
      t.is(printExpression(again), text)
    }
  }
})

/** Stars stand in fields and arguments only. */
function isStar(expression: Expression): boolean {
  return expression.type === 'star' || (expression.type === 'member' && expression.name === '*')
}
