import type { Lowering } from './lowering.ts'

/** `FILTER(WHERE condition)` right behind a call. */
export function lowerFilter(lowering: Lowering): void {
  if (lowering.callEnd !== lowering.index - 1) throw lowering.unexpected()
  open(lowering, 'filter')
  lowering.expectKeyword('WHERE')
  lowering.begin()
}

/** `OVER(PARTITION BY … WHEN … ORDER BY …)` right behind a call or its FILTER. */
export function lowerOver(lowering: Lowering): void {
  const before = lowering.index - 1
  if (lowering.callEnd !== before && lowering.filterEnd !== before) throw lowering.unexpected()
  open(lowering, 'over')
  if (lowering.script.isOperator(lowering.index, ')')) {
    lowering.close()
    lowering.emit(')')
    lowering.index++
  } else {
    lowerOverPart(lowering)
  }
}

function open(lowering: Lowering, kind: 'filter' | 'over'): void {
  lowering.emit('<<')
  lowering.takeName()
  if (!lowering.script.isOperator(lowering.index, '(')) throw lowering.unexpected('"("')
  lowering.open(kind)
  lowering.emit('(')
  lowering.index++
}

/** PARTITION BY, WHEN or ORDER BY, in this order. */
export function lowerOverPart(lowering: Lowering): void {
  const { script, index } = lowering
  const { stage } = lowering.top
  if (stage === 'none' && script.isKeyword(index, 'PARTITION')) {
    part(lowering, 'partition', true)
  } else if (['none', 'partition'].includes(stage) && script.isKeyword(index, 'WHEN')) {
    part(lowering, 'when', false)
  } else if (stage !== 'order' && script.isKeyword(index, 'ORDER')) {
    part(lowering, 'order', true)
  } else {
    throw stage === 'none'
      ? lowering.unexpected('PARTITION BY, WHEN or ORDER BY')
      : lowering.unexpected()
  }
}

function part(lowering: Lowering, stage: 'partition' | 'when' | 'order', by: boolean): void {
  lowering.finish()
  if (lowering.top.stage !== 'none') lowering.emit(',')
  lowering.take()
  if (by) lowering.expectKeyword('BY')
  lowering.emit(',')
  lowering.begin(stage)
}

/** `EXCEPT(a, b)` and `REPLACE(expression AS a)` behind a star. */
export function lowerModifier(lowering: Lowering, word: 'EXCEPT' | 'REPLACE'): void {
  if (!lowering.starred) throw lowering.unexpected()
  lowering.emit('<<')
  lowering.takeName()
  if (!lowering.script.isOperator(lowering.index, '(')) throw lowering.unexpected('"("')
  lowering.open(word === 'EXCEPT' ? 'except' : 'replace')
  lowering.emit('(')
  lowering.index++
  if (word === 'REPLACE') {
    lowering.begin()
    return
  }
  lowerNames(lowering)
}

function lowerNames(lowering: Lowering): void {
  for (;;) {
    lowering.expectName('a column')
    lowering.take()
    if (!lowering.script.isOperator(lowering.index, ',')) break
    lowering.emit(',')
    lowering.index++
  }
  if (!lowering.script.isOperator(lowering.index, ')')) throw lowering.unexpected()
  lowering.close()
  lowering.emit(')')
  lowering.index++
  lowering.starred = true
}
