import test from 'ava'
import { provokedErrors } from '#src/worker/runtime-errors.ts'

/** The runtime's own sources, as they are built into it. */
function sources(): Readonly<Record<string, string>> {
  const binding = Reflect.get(process, 'binding') as (name: string) => Record<string, string>
  return Reflect.apply(binding, process, ['natives'])
}

/** Where the classes that plugins get as they are, or hidden ones that these lead to, are written. */
const modules = [
  'internal/abort_controller',
  'internal/assert',
  'internal/event_target',
  'internal/webidl',
  'internal/webstreams/queuingstrategies',
  'internal/webstreams/readablestream',
  'internal/webstreams/transformstream',
  'internal/webstreams/util',
  'internal/webstreams/writablestream',
]

/** What the sources have, and no call leads to. */
const unreachable: ReadonlySet<string> = new Set([
  // Thrown when a buffer was filled beyond its end; every way there has refused so many bytes before.
  'ERR_INVALID_STATE.RangeError',
])

const CHECKS = ' by checks'

function thrownBy(text: string): string[] {
  return [...text.matchAll(/new (ERR_[A-Z_]+(?:\.\w+)?)\(/g)].map(([, name]) => name ?? '')
}

/** What the checks of arguments throw that these modules use: classes of their own, with shorter stacks. */
function thrownByChecks(validators: string, used: string): string[] {
  const checks = validators.split(/\n(?=const validate|function validate)/).slice(1)
  const named = new Map(checks.map((text) => [/validate\w+/.exec(text)?.[0] ?? '', text]))
  const wanted = new Set(used.match(/\bvalidate\w+/g) ?? [])
  for (const name of wanted) {
    for (const inner of (named.get(name) ?? '').match(/\bvalidate\w+/g) ?? []) wanted.add(inner)
  }
  return [...wanted].flatMap((name) => thrownBy(named.get(name) ?? '')).map((it) => it + CHECKS)
}

/** `ERR_X`, or `ERR_X.RangeError` where the code stands for errors of several kinds and this is not its first. */
function nameOf(error: unknown, errors: string): string {
  const { code, constructor: Kind } = error as { code: string; constructor: { name: string } }
  const definition = errors.split(/\n(?=E\()/).find((text) => text.startsWith(`E('${code}'`)) ?? ''
  const [, first] = /,\s*(\w*Error)(?:, \w+)*\);\s*(?:\/\/.*)?$/m.exec(definition) ?? []
  const prototype = Object.getPrototypeOf(error) as object
  const suffix = first === Kind.name ? '' : `.${Kind.name}`
  return code + suffix + (Object.hasOwn(prototype, 'toString') ? '' : CHECKS)
}

test('every coded error that the classes given to plugins throw is among those whose prototypes are frozen', (t) => {
  const natives = sources()
  const used = modules.map((name) => natives[name] ?? '').join('\n')
  const thrown = new Set([
    ...thrownBy(used),
    ...thrownByChecks(natives['internal/validators'] ?? '', used),
  ])
  t.true(thrown.size > 10, 'the sources are not written as this test reads them')
  const coded = provokedErrors().filter((error) => !(error instanceof DOMException))
  const provoked = new Set(coded.map((error) => nameOf(error, natives['internal/errors'] ?? '')))
  t.deepEqual(
    [...thrown].filter((name) => !provoked.has(name) && !unreachable.has(name)),
    [],
  )
})

test('each class of errors is provoked once', (t) => {
  const prototypes = provokedErrors().map((error) => Object.getPrototypeOf(error))
  t.is(new Set(prototypes).size, prototypes.length)
})
