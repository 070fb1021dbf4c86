import { fileURLToPath } from 'node:url'
import { inProcess } from '@plutino/sdk/testing'
import test from 'ava'
import { faultOf } from '../sinks/faults.ts'
import { Mysql } from '../sinks/mysql.ts'

const project = fileURLToPath(new URL('..', import.meta.url))
const url = 'user:test@tcp(127.0.0.1:1)/user'

test('a wrong property refuses the rule, with its name', (t) => {
  const wrong = [
    [{ table: 'test' }, /url is missing/],
    [{ url }, /^table: a undefined is no name/],
    [{ url, table: 'test; DROP TABLE test' }, /^table: "test; DROP TABLE test" is no name/],
    [{ url, table: 'test', column: 'a`' }, /^column: /],
    [{ url, table: 'test', fields: ['a', 'b)'] }, /^fields: "b\)" is no name/],
    [{ url, table: 'test', rowId: 'a b' }, /^rowId: /],
  ] as const
  for (const [props, message] of wrong) t.throws(() => new Mysql().configure(props), { message })
})

test('errors ask for what mends them', (t) => {
  const kinds = [
    [{ code: 'ECONNREFUSED', fatal: true }, 'not-connected'],
    [{ code: 'PROTOCOL_CONNECTION_LOST', fatal: true }, 'not-connected'],
    [{ message: "Can't add new command when connection is in closed state" }, 'not-connected'],
    [{ code: 'ER_LOCK_DEADLOCK' }, 'retryable'],
    [{ code: 'ER_DATA_TOO_LONG' }, undefined],
    [{ code: 'ER_NO_SUCH_TABLE' }, undefined],
    [{ code: 'ER_ACCESS_DENIED_ERROR', fatal: true }, undefined],
  ] as const
  for (const [error, code] of kinds) {
    t.is((faultOf(error) as { code?: string }).code, code, JSON.stringify(error))
  }
})

test('a server that is not there does not keep the rule from starting, and rows ask to connect', async (t) => {
  const grants = { network: ['tcp://127.0.0.1:1'] }
  await using plugin = await inProcess(project, { grants })
  const sink = await plugin.sink('mysql', { props: { url, table: 'test' } })
  t.like(plugin.logs[0], { level: 'warn' })
  t.regex(plugin.logs[0]?.text ?? '', /^mysql: ECONNREFUSED/)
  const emission = sink.collect('x')
  await plugin.clock.advance(100)
  t.is(sink.retries[0]?.code, 'not-connected')
  await sink.close()
  await t.throwsAsync(emission, { message: /was closed/ })
})
