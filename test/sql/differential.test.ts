import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import { SqlError } from '#src/sql/errors.ts'
import { parseStatement } from '#src/sql/parse.ts'
import { Random } from './random.ts'
import { parseByReference } from './reference-parser.ts'
import { StatementGenerator } from './statement-generator.ts'

/** `SQL_STATEMENTS=100000 SQL_SEED=7` for a deeper run. */
const count = Number(process.env.SQL_STATEMENTS ?? 50_000)
const seed = Number(process.env.SQL_SEED ?? 1)

type Outcome = { readonly tree: unknown } | { readonly refused: SqlError }

test('the parser and the reference parser give the same tree for random statements', (t) => {
  t.timeout(600_000)
  const generator = new StatementGenerator(new Random(seed))
  for (let number = 0; number < count / 2; number++) {
    const text = generator.select()
    const [ours, theirs] = outcomes(text)
    if (!('tree' in ours) || !('tree' in theirs) || !isDeepStrictEqual(ours, theirs)) {
      t.log(`seed ${seed}, statement ${number}: ${text}`)
      t.deepEqual(ours, theirs)
      t.fail('a well-formed statement was refused')
      return
    }
  }
  t.pass()
})

test('the parser and the reference parser agree on damaged statements', (t) => {
  t.timeout(600_000)
  const generator = new StatementGenerator(new Random(seed + 1_000_003))
  let accepted = 0
  for (let number = 0; number < count / 2; number++) {
    const text = generator.mutated(generator.select())
    const [ours, theirs] = outcomes(text)
    const isAccepted = 'tree' in ours
    if (isAccepted) accepted++
    if (isAccepted !== 'tree' in theirs || (isAccepted && !isDeepStrictEqual(ours, theirs))) {
      t.log(`seed ${seed}, damaged statement ${number}: ${text}`)
      t.deepEqual(ours, theirs)
      return
    }
  }
  t.true(accepted > 0 && accepted < count / 2, `${accepted} accepted`)
})

function outcomes(text: string): [Outcome, Outcome] {
  return [outcome(() => parseStatement(text)), outcome(() => parseByReference(text))]
}

/** Anything but an SqlError is a bug and goes through. */
function outcome(parse: () => unknown): Outcome {
  try {
    return { tree: parse() }
  } catch (error) {
    if (error instanceof SqlError) return { refused: error }
    throw error
  }
}
