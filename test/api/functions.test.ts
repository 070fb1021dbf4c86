import test from 'ava'
import { builtInFunctions } from '#src/functions/built-in.ts'
import { makeServer } from '#test/fixtures/server.ts'

interface Family {
  readonly name: string
  readonly functions: readonly { readonly name: string }[]
}

test('every built-in function is described, each under one family', async (t) => {
  const { request } = await makeServer(t)
  const { status, body } = await request('GET', '/metadata/functions')
  t.is(status, 200)
  const families = body as readonly Family[]
  const names = families.flatMap(({ functions }) => functions.map(({ name }) => name))
  t.deepEqual(names.sort(), builtInFunctions().names().sort())
})

test('one function says what it takes; a synonym goes by its own name', async (t) => {
  const { request } = await makeServer(t)
  const { status, body } = await request('GET', '/metadata/functions/CEILING')
  t.is(status, 200)
  t.deepEqual(body, {
    name: 'ceiling',
    example: 'ceiling(x)',
    hint: { en_US: 'The least whole number that is not below x.' },
    aggregate: false,
    analytic: false,
    args: [{ name: 'x', type: ['bigint', 'float'], optional: false, rest: false }],
  })
})

test('a function that is not there is 404', async (t) => {
  const { request } = await makeServer(t)
  const { status, body } = await request('GET', '/metadata/functions/nosuch')
  t.is(status, 404)
  t.like(body, { error: 1002, code: 'not-found', message: 'no built-in function "nosuch"' })
})
