import test from 'ava'
import { readDataSourceName } from '../sinks/data-source-name.ts'

const rest = { charset: 'utf8mb4', connectTimeout: 10_000, isTls: false }

test("the tutorial's form is understood", (t) => {
  t.deepEqual(readDataSourceName('user:test@tcp(localhost:3307)/user'), {
    host: 'localhost',
    port: 3307,
    user: 'user',
    password: 'test',
    database: 'user',
    ...rest,
  })
})

test('so is a mysql:// address, escapes included', (t) => {
  t.deepEqual(readDataSourceName('mysql://me:p%40ss%2F@db.example.com/a%20b?tls=true'), {
    host: 'db.example.com',
    port: 3306,
    user: 'me',
    password: 'p@ss/',
    database: 'a b',
    ...rest,
    isTls: true,
  })
})

test('a password may have every sign that also divides', (t) => {
  const { user, password, host } = readDataSourceName('me:a:b@c/d?e@tcp(db)/x?charset=latin1')
  t.is(readDataSourceName('u:what?@tcp(h)/d').password, 'what?')
  t.deepEqual({ user, password, host }, { user: 'me', password: 'a:b@c/d?e', host: 'db' })
})

test('parts that are left out have the usual values', (t) => {
  t.like(readDataSourceName('/x'), { host: '127.0.0.1', port: 3306, user: '', password: '' })
  t.like(readDataSourceName('root@tcp([::1]:1)/x'), { host: '::1', port: 1, user: 'root' })
})

test('parameters: those with a meaning here, those of Go programs, and no others', (t) => {
  const read = (parameters: string) => readDataSourceName(`u@tcp(h)/d?${parameters}`)
  t.like(read('charset=latin1,utf8&timeout=1m&parseTime=true&loc=Local&tls=false'), {
    charset: 'latin1',
    connectTimeout: 60_000,
    isTls: false,
  })
  const wrong = [
    ['multiStatements=true', /parameter "multiStatements" is not known/],
    ['timeout=10', /timeout is a time such as 10s/],
    ['tls=skip-verify', /certificates are always checked/],
  ] as const
  for (const [parameters, message] of wrong) t.throws(() => read(parameters), { message })
})

test('what is no address is refused without the password in the message', (t) => {
  const wrong = [
    'u:secret@tcp(h:3306)',
    'u:secret@unix(/tmp/x.sock)/d',
    'u:secret@tcp(h:3306)/',
    'mysql://u:secret@h:99999/d',
  ]
  for (const text of wrong) {
    const { message = '' } = t.throws(() => readDataSourceName(text)) ?? {}
    t.regex(message, /^url/)
    t.false(message.includes('secret'), message)
  }
})
