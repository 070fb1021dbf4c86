import Table from 'cli-table3'

export interface Output {
  readonly isJson: boolean
  /** Text of its own, or JSON of whatever it is. */
  print(value: unknown): void
  /** A list of names or objects: a table on a terminal. */
  list(values: unknown, empty: string): void
}

export function createOutput(isJson: boolean, stream: NodeJS.WriteStream): Output {
  const line = (text: string) => stream.write(`${text}\n`)
  const json = (value: unknown) => line(JSON.stringify(value, null, 2))
  return {
    isJson,
    print(value) {
      if (!isJson && typeof value === 'string') line(value)
      else json(value)
    },
    list(values, empty) {
      if (isJson || !Array.isArray(values)) json(values)
      else if (values.length === 0) line(empty)
      else line(values.every(isObject) ? table(values, stream) : values.map(String).join('\n'))
    },
  }
}

/** With lines on a terminal; plain columns where another program reads. */
function table(
  rows: readonly Readonly<Record<string, unknown>>[],
  stream: NodeJS.WriteStream,
): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const plain = {
    chars: plainChars,
    style: { border: [], head: [], 'padding-left': 0, 'padding-right': 0 },
  }
  const made = new Table({
    head: columns,
    ...(stream.isTTY ? { style: { head: [], border: [] } } : plain),
  })
  for (const row of rows) made.push(columns.map((column) => cell(row[column])))
  return made.toString().replace(/ +$/gm, '')
}

const plainChars = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((name) => [name, name === 'middle' ? '  ' : '']),
)

function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
