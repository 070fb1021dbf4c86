import test from 'ava'
import { RuleError } from '#src/plan/errors.ts'
import { SqlError } from '#src/sql/errors.ts'
import { type PlanOptions, plan } from './fixture.ts'

/** A statement that no plan is made of, with its code and whole message. */
export const refused = test.macro({
  exec(t, sql: string, code: string, message: string, options?: PlanOptions) {
    const error = t.throws(() => plan(sql, options))
    t.true(error instanceof SqlError || error instanceof RuleError)
    t.is(error?.message, message)
    t.like(error, { code })
  },
  title: (_, sql, _code, message) => `${sql}: ${message}`,
})
