import test from 'ava'
import { cleanError } from '#src/sandbox/clean-error.ts'

const cleaned = test.macro((t, thrown: unknown, expected: { code: string; message: string }) => {
  t.deepEqual(cleanError(thrown), expected)
})

test(
  'an error keeps code and message',
  cleaned,
  Object.assign(new Error('gone'), { code: 'not-connected' }),
  {
    code: 'not-connected',
    message: 'gone',
  },
)
test('a text', cleaned, 'no', { code: 'failed', message: 'no' })
test('null', cleaned, null, { code: 'failed', message: 'null was thrown, not an error' })
test('a function', cleaned, () => {}, {
  code: 'failed',
  message: 'function was thrown, not an error',
})
test(
  'an object whose message is an object',
  cleaned,
  { message: { toString: () => 'x' } },
  {
    code: 'failed',
    message: 'a value that is not an error was thrown',
  },
)
test(
  'getters that throw',
  cleaned,
  {
    get message() {
      throw new Error('no')
    },
    get code() {
      throw new Error('no')
    },
  },
  { code: 'failed', message: 'a value that is not an error was thrown' },
)
test(
  'a proxy that throws',
  cleaned,
  new Proxy(
    {},
    {
      get: () => {
        throw new Error('no')
      },
    },
  ),
  {
    code: 'failed',
    message: 'a value that is not an error was thrown',
  },
)
test('terminal escapes and forged lines', cleaned, new Error('a\x1b[2Jb\nc\u202ed'), {
  code: 'failed',
  message: 'a?[2Jb c?d',
})

test('a message of any length becomes 300 characters, a code 60', (t) => {
  const { code, message } = cleanError(
    Object.assign(new Error('x'.repeat(1e6)), { code: 'y'.repeat(1e6) }),
  )
  t.is(message.length, 300)
  t.is(code.length, 60)
})
