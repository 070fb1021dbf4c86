import { readFile } from 'node:fs/promises'
import { loadAll, YAMLException } from 'js-yaml'
import { codeOf, HostError, textOf } from '#host/errors.ts'

export interface YamlFile {
  /** As it is named in messages. */
  readonly path: string
  readonly text: string
  readonly data: Readonly<Record<string, unknown>>
}

/** Reads a yaml file whose top is a map. `undefined`: there is none. An empty one is an empty map. */
export async function readYaml(path: string): Promise<YamlFile | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined
    throw new HostError('bad-config', `cannot read ${path}: ${textOf(error)}`, { cause: error })
  }
  const data = parse(path, text) ?? {}
  if (!isMap(data)) {
    throw new HostError('bad-config', `${path} must hold options such as "name: value"`)
  }
  return { path, text, data }
}

function parse(path: string, text: string): unknown {
  try {
    return loadAll(text)[0]
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const line = error.mark === undefined ? '' : `, line ${error.mark.line + 1}`
    throw new HostError('bad-config', `${path}${line}: ${error.reason}`, { cause: error })
  }
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The line, from 1, on which a path of keys stands; the nearest key above it where it is written inline. */
export function lineOf(text: string, keys: readonly string[]): number {
  const lines = text.split('\n')
  let at = 0
  let indent = -1
  let found = 1
  for (const key of keys) {
    const next = lines.findIndex((line, index) => index >= at && isKey(line, key, indent))
    if (next < 0) break
    found = next + 1
    indent = indentOf(lines[next] ?? '')
    at = next + 1
  }
  return found
}

function isKey(line: string, key: string, above: number): boolean {
  const trimmed = line.trimStart().replace(/^["']/, '')
  if (indentOf(line) <= above || !trimmed.startsWith(key)) return false
  return /^["']?\s*:/.test(trimmed.slice(key.length))
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length
}
