/** What is open while a statement is lowered: its clauses at the bottom, brackets and CASE above. */
export type FrameKind =
  | 'clauses'
  | 'call'
  | 'cast'
  | 'group'
  | 'subscript'
  | 'in'
  | 'filter'
  | 'over'
  | 'except'
  | 'replace'
  | 'case'

/** The part of a frame that is being read. Not every kind has one. */
export type Stage =
  | 'select'
  | 'from'
  | 'where'
  | 'group'
  | 'having'
  | 'order'
  | 'limit'
  | 'expression'
  | 'value'
  | 'when'
  | 'then'
  | 'else'
  | 'partition'
  | 'index'
  | 'slice'
  | 'type'
  | 'none'

export interface Frame {
  readonly kind: FrameKind
  stage: Stage
  /** Where the open element starts in the output, to put a parenthesis there afterwards. */
  slot: number
  /** The element has an operator that the grammar of the library takes in parentheses only. */
  wrap: boolean
  /** The first token of the open element. */
  start: number
}

/** What may stand behind a whole expression, for a message. */
export function expectedAfter(frame: Frame): string {
  switch (frame.kind) {
    case 'call':
    case 'in':
    case 'except':
      return '"," or ")"'
    case 'cast':
      return expectedInCast(frame.stage)
    case 'group':
    case 'filter':
      return '")"'
    case 'subscript':
      return frame.stage === 'slice' ? '"]"' : '":" or "]"'
    case 'over':
      return expectedInOver(frame.stage)
    case 'replace':
      return frame.stage === 'none' ? 'AS' : '"," or ")"'
    case 'case':
      return expectedInCase(frame.stage)
    case 'clauses':
      return expectedInClause(frame.stage)
    default:
      return frame.kind satisfies never
  }
}

function expectedInCast(stage: Stage): string {
  if (stage === 'type') return '")"'
  return stage === 'none' ? '",", AS or ")"' : '"," or ")"'
}

function expectedInOver(stage: Stage): string {
  if (stage === 'partition') return '",", WHEN, ORDER BY or ")"'
  return stage === 'when' ? 'ORDER BY or ")"' : '"," or ")"'
}

function expectedInCase(stage: Stage): string {
  if (stage === 'value') return 'WHEN'
  if (stage === 'when') return 'THEN'
  return stage === 'then' ? 'WHEN, ELSE or END' : 'END'
}

function expectedInClause(stage: Stage): string {
  if (stage === 'select') return '"," or FROM'
  if (stage === 'from') return 'a join, WHERE, GROUP BY or the end'
  if (stage === 'group' || stage === 'order') return '"," or the end'
  return 'an operator or the end'
}
