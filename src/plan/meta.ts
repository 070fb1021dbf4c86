import type * as ast from '#src/sql/ast.ts'
import { SqlError } from '#src/sql/errors.ts'
import type { Resolution } from './context.ts'
import type { PlanExpression } from './expression.ts'
import { isKeyed } from './keyed.ts'

/** `meta(key)`, `meta(stream.key)`, `meta(a->b)`, `meta(*)`, `mqtt(topic)`: the arguments are names, never columns. */
export function resolveMeta(node: ast.Call, resolution: Resolution): PlanExpression {
  const [argument, ...others] = node.args
  if (argument === undefined || others.length > 0) throw wrong(node, 'expects one argument')
  const { path, source } = reference(node, argument, resolution)
  const index = resolution.scope.sources.indexOf(source)
  const last = node.name.toLowerCase() === 'mqtt' ? mqttKey(node, path) : path
  const key = last.length === 0 ? '*' : last.join('->')
  const of = resolution.scope.sources.length > 1 ? `${source.name}.` : ''
  const stream = isKeyed(resolution.scope) ? source.name : undefined
  return resolution.derived.meta({ source: index, stream }, last, `meta(${of}${key})`)
}

interface Reference {
  readonly path: readonly string[]
  readonly source: Resolution['scope']['sources'][number]
}

function reference(node: ast.Call, argument: ast.Expression, resolution: Resolution): Reference {
  const names = path(argument)
  if (names === undefined) throw wrong(node, 'expects the name of a metadata key')
  const { sources } = resolution.scope
  const [first, ...rest] = names
  const isDotted = argument.type === 'member' && innermost(argument).operator === '.'
  const named = isDotted && first !== undefined ? resolution.scope.source(first) : undefined
  if (named !== undefined) return { path: rest, source: named }
  const [only, second] = sources
  if (only === undefined) throw wrong(node, 'needs a stream')
  if (second !== undefined) {
    throw new SqlError('ambiguous-column', `ambiguous ${node.name}(${names.join('->')})`, node.at, {
      hint: `write ${node.name}(${only.name}.${names.join('->')})`,
    })
  }
  return { path: names, source: only }
}

/** The names of `a->b->c`; none for `*`. */
function path(argument: ast.Expression): string[] | undefined {
  switch (argument.type) {
    case 'star':
      return []
    case 'name':
      return [argument.name]
    case 'literal':
      return typeof argument.value === 'string' ? [argument.value] : undefined
    case 'member': {
      const base = path(argument.base)
      return argument.name === '*' ? base : base && [...base, argument.name]
    }
    default:
      return undefined
  }
}

function innermost(member: ast.Member): ast.Member {
  return member.base.type === 'member' ? innermost(member.base) : member
}

/** The keys that the mqtt source gives its metadata. */
const mqttKeys = ['topic', 'messageid'] as const

function mqttKey(node: ast.Call, path: readonly string[]): readonly string[] {
  const [name, ...others] = path
  const key = mqttKeys.find((known) => known === name?.toLowerCase())
  if (key === undefined || others.length > 0) throw wrong(node, 'knows topic and messageid')
  return [key]
}

function wrong(node: ast.Call, what: string): SqlError {
  return new SqlError('wrong-arguments', `function ${node.name} ${what}`, node.at, {
    hint: node.name.toLowerCase() === 'mqtt' ? 'write mqtt(topic)' : 'write meta(key) or meta(*)',
  })
}
