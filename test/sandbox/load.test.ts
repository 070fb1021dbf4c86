import { createHash } from 'node:crypto'
import test from 'ava'
import { makeInstance, PluginLoadError, verifyText } from '#src/sandbox/load.ts'
import type { PluginCode } from '#src/worker/protocol.ts'

const life = { configure() {}, open() {}, close() {} }

function code(extra: Partial<PluginCode> = {}): PluginCode {
  const text = 'exports.x = 1'
  return {
    package: 'acme',
    version: '1.2.0',
    text,
    sha256: createHash('sha256').update(text).digest('hex'),
    export: 'Mysql',
    kind: 'source',
    name: 'mysql',
    ...extra,
  }
}

class Source {
  configure() {}
  open() {}
  close() {}
}

test('a class is constructed, a function called, an object taken as it is', (t) => {
  t.true(makeInstance(code(), { Mysql: Source }) instanceof Source)
  t.is(makeInstance(code(), { Mysql: () => life }), life)
  t.is(makeInstance(code(), { Mysql: life }), life)
})

test('a function of the older kind with methods on its prototype is constructed', (t) => {
  function Old() {}
  Object.assign(Old.prototype, life)
  t.true(makeInstance(code(), { Mysql: Old }) instanceof (Old as never))
})

test('the export is found with either first letter, as default, or as the whole module', (t) => {
  t.is(makeInstance(code(), { mysql: life }), life)
  t.is(makeInstance(code({ export: 'default' }), { default: life }), life)
  t.is(makeInstance(code(), { default: life }), life)
  t.is(makeInstance(code(), { default: { Mysql: life } }), life)
  t.true(makeInstance(code(), Source) instanceof Source)
})

const refused = test.macro((t, exports: unknown, extra: Partial<PluginCode>, message: string) => {
  const error = t.throws(() => makeInstance(code(extra), exports), { instanceOf: PluginLoadError })
  t.is(error?.message, message)
})

test(
  'a missing export is refused with the names that are there',
  refused,
  { MySQL: Source, other: 1 },
  {},
  'source "mysql" of plugin acme@1.2.0 is not exported: "Mysql" or a default export is wanted, there is "MySQL", "other"',
)
test(
  'a missing method is named',
  refused,
  { Mysql: { configure() {}, open() {}, close() {} } },
  { kind: 'sink' },
  'sink "mysql" of plugin acme@1.2.0 has no method "collect"',
)
test(
  'an aggregate with init needs add',
  refused,
  { Mysql: {} },
  { kind: 'function' },
  'function "mysql" of plugin acme@1.2.0 has no method "exec"',
)
test(
  'a constructor that throws',
  refused,
  {
    Mysql: class {
      constructor() {
        throw new Error('no licence')
      }
    },
  },
  {},
  'source "mysql" of plugin acme@1.2.0: its constructor failed: no licence',
)
test(
  'a function that makes nothing',
  refused,
  { Mysql: () => undefined },
  {},
  'source "mysql" of plugin acme@1.2.0: the exported function makes no object',
)

test('an incremental aggregate needs no exec', (t) => {
  const aggregate = { isAggregate: () => true, init() {}, add() {}, result() {} }
  t.is(makeInstance(code({ kind: 'function' }), { Mysql: aggregate }), aggregate)
})

test('a text with another digest is refused', (t) => {
  t.notThrows(() => verifyText(code()))
  t.throws(() => verifyText(code({ text: 'exports.x = 2' })), {
    instanceOf: PluginLoadError,
    message:
      /^plugin acme@1\.2\.0: the script's sha256 is \w{64}, installed was \w{64}; install it again$/,
  })
})
