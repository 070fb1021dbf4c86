import { isStruct } from '#src/expressions/access.ts'
import type { Expressions } from '#src/expressions/compile.ts'
import { RowError } from '#src/expressions/errors.ts'
import type { RecordMaker } from '#src/operators/compiled.ts'
import type { Row } from '#src/operators/operator.ts'
import { defineOwn, setOwn } from '#src/own-property.ts'
import type { ProjectField } from '#src/plan/plan.ts'
import { isAsItCame } from '#src/plan/walk.ts'

type ValueField = ProjectField & { type: 'value' }
type StarField = ProjectField & { type: 'star' }

/**
 * The rows that a projection makes.
 * @param hidden columns that no `*` shows
 */
export function recordMaker(
  fields: readonly ProjectField[],
  expressions: Expressions,
  hidden: readonly string[],
): RecordMaker {
  const values = fields.filter((field): field is ValueField => field.type === 'value')
  if (values.length === fields.length) return expressions.compileRecord(values)
  const writers = fields.map((field) => {
    const write = writer(field, expressions, hidden)
    if (field.type !== 'value' || isAsItCame(field.expression, hidden)) return write
    return nullDropper(write, field.name)
  })
  return (row) => {
    const made: Row = {}
    for (const write of writers) write(made, row)
    return made
  }
}

/** The nulls of a `*` or an object are written beside which the null of an expression is dropped as ever. */
function nullDropper(write: Writer, name: string): Writer {
  return (made, row) => {
    write(made, row)
    if (made[name] === null) made[name] = undefined
  }
}

type Writer = (made: Row, row: Row) => void

function writer(field: ProjectField, expressions: Expressions, hidden: readonly string[]): Writer {
  switch (field.type) {
    case 'value': {
      const { name } = field
      const value = expressions.compileValue(field.expression)
      if (name === '__proto__') return (made, row) => defineOwn(made, name, value(row))
      return (made, row) => {
        made[name] = value(row)
      }
    }
    case 'star':
      return starWriter(field, hidden)
    case 'spread':
      return spreadWriter(field, expressions)
    default:
      return field satisfies never
  }
}

function spreadWriter(
  { name, expression, strict }: ProjectField & { type: 'spread' },
  expressions: Expressions,
): Writer {
  const value = expressions.compileOperand(expression)
  const copy = columnCopier([])
  return (made, row) => {
    const object = value(row)
    if (isStruct(object)) copy(made, object as Row)
    else if (strict === undefined) made[name] = object
    else if (object !== null && object !== undefined)
      throw new RowError('invalid-operation', strict)
  }
}

function starWriter(
  { stream, except }: Pick<StarField, 'stream' | 'except'>,
  hidden: readonly string[],
): Writer {
  const copy = columnCopier([...hidden, ...except])
  if (stream === undefined) return copy
  return (made, row) => {
    const part = Object.hasOwn(row, stream) ? row[stream] : undefined
    if (typeof part === 'object' && part !== null) copy(made, part as Row)
  }
}

/** A copy of the row without those columns. */
export function rowCopier(except: readonly string[]): (row: Row) => Row {
  const copy = columnCopier(except)
  return (row) => {
    const made: Row = {}
    copy(made, row)
    return made
  }
}

/**
 * The row as one object, as `collect(*)` keeps it. Behind a merge that of all its sources; of two columns of a name that
 * of the source further left wins.
 */
export function wholeRow(
  except: readonly string[],
  names: readonly string[] | undefined,
): (row: Row) => Row {
  if (names === undefined) return rowCopier(except)
  const writers = names.toReversed().map((stream) => starWriter({ stream, except }, []))
  return (row) => {
    const made: Row = {}
    for (const write of writers) write(made, row)
    return made
  }
}

/** Copies all columns but those. */
function columnCopier(except: readonly string[]): Writer {
  const left = new Set(except)
  return (made, row) => {
    for (const name of Object.keys(row)) {
      if (left.has(name)) continue
      setOwn(made, name, row[name])
    }
  }
}
