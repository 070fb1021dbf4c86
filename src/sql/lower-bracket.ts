import type { Frame, Stage } from './frames.ts'
import type { Lowering } from './lowering.ts'

/** Lowers `[`, and a colon right behind it. */
export function openSubscript(lowering: Lowering): void {
  lowering.emit('<<')
  lowering.takeName()
  lowering.emit('(')
  lowering.open('subscript', 'index')
  if (lowering.script.isOperator(lowering.index, ':')) colon(lowering)
  else lowering.begin()
}

export function lowerColon(lowering: Lowering): void {
  const { kind, stage } = lowering.top
  if (kind !== 'subscript' || stage !== 'index') throw lowering.unexpected()
  lowering.finish()
  lowering.emit(',')
  colon(lowering)
}

function colon(lowering: Lowering): void {
  lowering.top.stage = 'slice'
  lowering.take()
  if (lowering.script.isOperator(lowering.index, ']')) {
    closeBracket(lowering)
  } else {
    lowering.emit(',')
    lowering.begin()
  }
}

export function closeBracket(lowering: Lowering): void {
  if (lowering.top.kind !== 'subscript') throw lowering.unexpected()
  lowering.close()
  lowering.emit(')')
  lowering.index++
}

export function closeParenthesis(lowering: Lowering): void {
  const { kind, stage } = lowering.top
  if (kind === 'clauses' || kind === 'case' || kind === 'subscript') throw lowering.unexpected()
  if (kind === 'replace' && stage === 'none') throw lowering.unexpected()
  lowering.close()
  lowering.emit(')')
  if (kind === 'call' || kind === 'cast') lowering.callEnd = lowering.index
  if (kind === 'filter') lowering.filterEnd = lowering.index
  if (kind === 'replace') lowering.starred = true
  lowering.index++
}

export function lowerComma(lowering: Lowering): void {
  if (!takesComma(lowering)) throw lowering.unexpected()
  lowering.finish()
  lowering.emit(',')
  lowering.index++
  lowering.begin(stageAfterComma(lowering.top))
}

/** REPLACE wants another AS; CAST wants no more AS. */
function stageAfterComma({ kind, stage }: Frame): Stage {
  if (kind === 'replace') return 'none'
  return kind === 'cast' ? 'value' : stage
}

function takesComma({ top }: Lowering): boolean {
  switch (top.kind) {
    case 'call':
    case 'in':
    case 'except':
      return true
    case 'cast':
      return top.stage !== 'type'
    case 'replace':
      return top.stage === 'type'
    case 'over':
      return top.stage === 'partition' || top.stage === 'order'
    case 'clauses':
      return top.stage === 'select' || top.stage === 'group' || top.stage === 'order'
    case 'group':
    case 'subscript':
    case 'filter':
    case 'case':
      return false
    default:
      return top.kind satisfies never
  }
}
