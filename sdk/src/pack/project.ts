import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PackError } from './errors.ts'
import { unknownKey } from './manifest-keys.ts'

const KINDS = ['sources', 'sinks', 'functions'] as const
export type KindFolder = (typeof KINDS)[number]

/** One entry of a project's manifest: `"tail": "sources/tail.ts"`, `file#Export`, or an object with `file` and `options`. */
export interface ProjectEntry {
  readonly kind: KindFolder
  readonly name: string
  /** The script as written, below the project's folder. */
  readonly file: string
  /** `#Export` or nothing. */
  readonly suffix: string
  readonly options: string | undefined
}

export interface Project {
  readonly folder: string
  readonly name: string
  readonly version: string
  readonly manifest: Readonly<Record<string, unknown>>
  readonly entries: readonly ProjectEntry[]
}

/** Reads a plugin's package.json from its folder. */
export async function readProject(folder: string): Promise<Project> {
  const path = join(folder, 'package.json')
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new PackError('no-manifest', `no package.json in ${folder}: ${error.message}`, {
      cause: error,
    })
  })
  const manifest = parse(text, path)
  const { name, version, plutino } = manifest
  if (typeof name !== 'string' || typeof version !== 'string') {
    throw new PackError('bad-manifest', `${path} needs a name and a version`)
  }
  if (typeof plutino !== 'object' || plutino === null) {
    throw new PackError(
      'no-manifest',
      `${path} has no "plutino" section with sources, sinks or functions`,
    )
  }
  const unknown = unknownKey(plutino)
  if (unknown !== undefined) throw new PackError('bad-manifest', `${path}: ${unknown}`)
  const sections = plutino as Record<string, unknown>
  const entries = KINDS.flatMap((kind) =>
    Object.entries((sections[kind] ?? {}) as Record<string, unknown>).map(([entry, value]) =>
      readEntry(kind, entry, value, path),
    ),
  )
  if (entries.length === 0) {
    throw new PackError(
      'bad-manifest',
      `${path} names no source, sink or function in its "plutino" section`,
    )
  }
  return { folder, name, version, manifest, entries }
}

function parse(text: string, path: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch (error) {
    throw new PackError('bad-manifest', `${path} is not JSON: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function readEntry(kind: KindFolder, name: string, value: unknown, path: string): ProjectEntry {
  const { file, options } = (typeof value === 'string' ? { file: value } : (value ?? {})) as {
    file?: unknown
    options?: string
  }
  if (typeof file !== 'string') {
    throw new PackError(
      'bad-manifest',
      `${path}: ${kind} "${name}" must be a file, "file#Export" or an object with "file"`,
    )
  }
  const [script = '', exported] = file.split('#')
  return { kind, name, file: script, suffix: exported === undefined ? '' : `#${exported}`, options }
}
