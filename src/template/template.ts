/** A template as the plan carries it: plain data. */
export type Template = readonly Part[]

export type Part =
  | { readonly part: 'text'; readonly text: string }
  | { readonly part: 'value'; readonly pipeline: Pipeline }
  | {
      readonly part: 'if' | 'with'
      readonly pipeline: Pipeline
      readonly then: Template
      readonly otherwise: Template
    }
  | {
      readonly part: 'range'
      /** The names of `$i, $v :=`, without the dollar. */
      readonly key?: string | undefined
      readonly value?: string | undefined
      readonly pipeline: Pipeline
      readonly then: Template
      readonly otherwise: Template
    }
  | { readonly part: 'break' | 'continue' }

/** `$x := a | f b`: each command gets what the one before gave as its last argument. */
export interface Pipeline {
  readonly set?: { readonly name: string; readonly declares: boolean } | undefined
  readonly commands: readonly Command[]
}

/** A function with its arguments, or one operand. */
export type Command =
  | { readonly call: string; readonly args: readonly Operand[] }
  | { readonly operand: Operand }

export type Operand =
  | { readonly type: 'literal'; readonly value: string | number | boolean | null }
  /** `.`, `.a.b`, `$`, `$x.a`; `name` is missing for the dot and empty for `$`. */
  | { readonly type: 'path'; readonly name?: string | undefined; readonly path: readonly string[] }
  | { readonly type: 'pipeline'; readonly pipeline: Pipeline; readonly path: readonly string[] }
  /** A function without arguments, as an argument. */
  | { readonly type: 'call'; readonly call: string }

/** What is wrong with the text of a template. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
}
