import type { Position } from './ast.ts'

/** Where an offset is, counted anew: for errors. */
export function positionAt(text: string, offset: number): Position {
  let line = 1
  let start = 0
  for (let next = text.indexOf('\n'); next !== -1 && next < offset; ) {
    line++
    start = next + 1
    next = text.indexOf('\n', start)
  }
  return { line, column: offset - start + 1, offset }
}
