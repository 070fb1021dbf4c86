import type { Create, DefinitionKind, Statement } from './ast.ts'
import { parseColumns } from './columns.ts'
import { SqlError } from './errors.ts'
import { checkOptions, parseOptions } from './options.ts'
import { Reader } from './reader.ts'
import type { Script } from './script.ts'

/** What has a name is found by it in paths, which end somewhere. */
const longestName = 200

/** Parses CREATE, SHOW, DESCRIBE, EXPLAIN or DROP from a token up to the end of the statement. */
export function parseDefinition(script: Script, from: number): Statement {
  const reader = new Reader(script, from)
  const at = reader.at
  const statement = parseVerb(reader, at)
  if (!reader.atEnd) throw reader.unexpected('the end')
  return statement
}

function parseVerb(reader: Reader, at: Statement['at']): Statement {
  if (reader.takeWord('CREATE')) return parseCreate(reader, at)
  if (reader.takeWord('SHOW')) return { type: 'show', at, kind: parsePlural(reader) }
  for (const type of ['describe', 'explain', 'drop'] as const) {
    if (!reader.takeWord(type.toUpperCase())) continue
    const kind = parseKind(reader)
    return { type, at, kind, name: reader.expectName(`the name of a ${kind}`) }
  }
  throw reader.unexpected('SELECT, CREATE, SHOW, DESCRIBE, EXPLAIN or DROP')
}

function parseCreate(reader: Reader, at: Statement['at']): Create {
  const kind = parseKind(reader)
  const name = parseNewName(reader, kind)
  const columns = parseColumns(reader)
  const options = parseOptions(reader)
  const create: Create = {
    type: 'create',
    at,
    kind,
    name,
    columns: columns.length === 0 ? undefined : columns,
    options,
  }
  checkOptions(create)
  return create
}

function parseKind(reader: Reader): DefinitionKind {
  if (reader.takeWord('STREAM')) return 'stream'
  if (reader.takeWord('TABLE')) return 'table'
  throw reader.unexpected('STREAM or TABLE')
}

function parsePlural(reader: Reader): DefinitionKind {
  if (reader.takeWord('STREAMS')) return 'stream'
  if (reader.takeWord('TABLES')) return 'table'
  throw reader.unexpected('STREAMS or TABLES')
}

function parseNewName(reader: Reader, kind: DefinitionKind): string {
  const { at, found } = reader
  const name = reader.expectName(`the name of a ${kind}`)
  if (name.length > longestName) {
    throw new SqlError('too-long', `${found} has ${name.length} characters`, at, {
      hint: `${longestName} are allowed in the name of a ${kind}`,
    })
  }
  if (!/^[a-zA-Z0-9_-]+$/.test(name)) {
    throw new SqlError('unexpected-token', `${found} cannot name a ${kind}`, at, {
      hint: 'use letters, digits, "_" and "-"',
    })
  }
  return name
}
