import type { FunctionDeclaration, RowDeclaration } from './declaration.ts'
import { array, arrayFrom, MADE, text } from './signature.ts'
import { isNull, toArray, toText, wrong } from './values.ts'

type Callable = (value: unknown) => unknown

/** `array_map` calls other functions, so it is made for the table in which it stands. */
export function arrayMap(find: (name: string) => FunctionDeclaration | undefined): RowDeclaration {
  return {
    kind: 'row',
    family: 'array',
    name: 'array_map',
    parameters: [text('function'), array('a')],
    returns: arrayFrom,
    guard: 'null',
    doc: 'What the built-in function of that name, of one argument, makes of each element.',
    examples: [
      { sql: "array_map('round', a)", row: { a: [1.5, 2.5] }, gives: [2, 3] },
      {
        sql: "array_map('nosuch', a)",
        row: { a: [1] },
        gives: { error: 'call func array_map error: unknown built-in function: nosuch.' },
      },
    ],
    make(environment) {
      let last: string | undefined
      let call: Callable = (value) => value
      return (name: unknown, a: unknown) => {
        const wanted = toText(name)
        if (wanted !== last) {
          const declaration = scalar(find(wanted), wanted)
          // It takes one argument, of any kind: what it cannot use it refuses.
          const made = declaration.make(environment, [{ dataType: MADE }]) as Callable
          call = guarded(declaration, made)
          last = wanted
        }
        return toArray(a, 'second argument').map((element) => call(element))
      }
    },
  }
}

function scalar(declaration: FunctionDeclaration | undefined, name: string): RowDeclaration {
  if (declaration === undefined) throw wrong(`unknown built-in function: ${name}.`)
  if (declaration.kind !== 'row') throw wrong('first argument should be a scalar function.')
  const needed = declaration.parameters.filter(({ optional }) => optional !== true).length
  if (needed !== 1) throw wrong(`function ${name} does not take one argument`)
  return declaration
}

function guarded({ guard }: RowDeclaration, call: Callable): Callable {
  if (guard === 'none') return call
  const otherwise = guard === 'null' ? null : guard === 'zero' ? 0 : false
  return (value) => (isNull(value) ? otherwise : call(value))
}
