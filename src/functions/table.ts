import { nearest } from '#src/sql/near.ts'
import { checkCall } from './check.ts'
import type {
  AggregateDeclaration,
  AnalyticDeclaration,
  FunctionDeclaration,
  KnownArgument,
  RowDeclaration,
} from './declaration.ts'

/** The built-in functions, by any of their names in any case. */
export class FunctionTable {
  readonly #byName = new Map<string, FunctionDeclaration>()
  readonly declarations: readonly FunctionDeclaration[]

  constructor(declarations: readonly FunctionDeclaration[]) {
    this.declarations = declarations
    for (const declaration of declarations) {
      for (const name of [declaration.name, ...(declaration.synonyms ?? [])]) {
        if (this.#byName.has(name)) throw new Error(`function ${name} is declared twice`)
        this.#byName.set(name, declaration)
      }
    }
  }

  lookup(name: string): FunctionDeclaration | undefined {
    return this.#byName.get(name.toLowerCase())
  }

  /** The name that a mistyped one most likely meant; `others` are those of plugins. */
  nearest(name: string, others: Iterable<string> = []): string | undefined {
    return nearest(name, [...this.#byName.keys(), ...others])
  }

  /** @throws Error that says what is wrong with the arguments, in the peer's words */
  checkCall(declaration: FunctionDeclaration, args: readonly KnownArgument[]): void {
    checkCall(declaration, args)
  }

  /** Every name and synonym. */
  names(): string[] {
    return [...this.#byName.keys()]
  }

  row(name: string): RowDeclaration {
    const declaration = this.lookup(name)
    if (declaration?.kind === 'row') return declaration
    throw missing(name, 'a function of rows')
  }

  aggregate(name: string): AggregateDeclaration {
    const declaration = this.lookup(name)
    if (declaration?.kind === 'aggregate') return declaration
    throw missing(name, 'an aggregate function')
  }

  analytic(name: string): AnalyticDeclaration {
    const declaration = this.lookup(name)
    if (declaration?.kind === 'analytic') return declaration
    throw missing(name, 'an analytic function')
  }
}

/** Plans are checked: a call of what is not there is a mistake of the planner. */
function missing(name: string, what: string): Error {
  return new Error(`function ${name} is not ${what}`)
}
