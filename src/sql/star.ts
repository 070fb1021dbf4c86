import type { Expression, Star } from './ast.ts'
import type { Script } from './script.ts'

/** A star, or a `stream.*`, with EXCEPT or REPLACE added. Each may be given once. */
export function withModifier(
  script: Script,
  base: Expression,
  token: number,
  args: readonly Expression[],
): Expression | undefined {
  if (base.type === 'star') return starWith(script, base, token, args)
  if (base.type !== 'member' || base.name !== '*') return undefined
  const plain: Star = base.star ?? { type: 'star', at: base.at, except: [], replace: [] }
  return { ...base, star: starWith(script, plain, token, args) }
}

function starWith(script: Script, star: Star, token: number, args: readonly Expression[]): Star {
  if (script.isKeyword(token, 'EXCEPT')) {
    if (star.except.length > 0) throw script.unexpected(token, 'one EXCEPT')
    return { ...star, except: args.map(nameOf) }
  }
  if (star.replace.length > 0) throw script.unexpected(token, 'one REPLACE')
  const replace: { expression: Expression; as: string }[] = []
  for (let index = 0; index + 1 < args.length; index += 2) {
    const [expression, name] = args.slice(index, index + 2)
    if (expression !== undefined && name !== undefined) {
      replace.push({ expression, as: nameOf(name) })
    }
  }
  return { ...star, replace }
}

function nameOf(expression: Expression): string {
  return expression.type === 'name' ? expression.name : ''
}
