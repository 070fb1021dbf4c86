import { builtinSinks, builtinSources } from '#host/cell/connectors/builtin.ts'
import { builtInFunctions } from '#src/functions/built-in.ts'
import { AuthoringError } from './errors.ts'

/**
 * Checks the name of an extension as hosts will: its letters, and that none of its kind is built in.
 *
 * @throws AuthoringError `bad-name` with a name that would do
 */
export function checkName(kind: 'source' | 'sink' | 'function', name: string): void {
  if (!/^[a-z][A-Za-z0-9_]{0,99}$/.test(name)) {
    const better = name
      .replace(/[^A-Za-z0-9]+(.)?/g, (_all, next: string = '') => next.toUpperCase())
      .replace(/^[^A-Za-z]+/, '')
    const lower = better.charAt(0).toLowerCase() + better.slice(1)
    const hint = lower === '' ? 'such as myPlugin' : `such as ${lower}`
    throw new AuthoringError(
      'bad-name',
      `"${name}" is no name for a ${kind}: camel case, a small letter first, ${hint}`,
    )
  }
  if (!isBuiltIn(kind, name)) return
  throw new AuthoringError(
    'bad-name',
    `a ${kind} "${name}" is built in, and hosts refuse another one; give it another name, such as my${name.charAt(0).toUpperCase()}${name.slice(1)}`,
  )
}

function isBuiltIn(kind: string, name: string): boolean {
  if (kind === 'function') return builtInFunctions().lookup(name) !== undefined
  return (kind === 'source' ? builtinSources : builtinSinks).includes(name)
}
