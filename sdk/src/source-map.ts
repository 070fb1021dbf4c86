import { SourceMap } from 'node:module'

/** A script and the map to the author's files that it was made from. */
export interface MappedScript {
  /** How stacks name the script. */
  readonly file: string
  readonly map: SourceMap
  /** Lines of stacks that stand before the script's first one. @default 0 */
  readonly lineOffset?: number | undefined
  /** Characters before the script on its first line. @default 0 */
  readonly columnOffset?: number | undefined
}

/** @returns `undefined` for a text that is no source map */
export function readSourceMap(text: string): SourceMap | undefined {
  try {
    const payload = JSON.parse(text) as ConstructorParameters<typeof SourceMap>[0]
    return payload.mappings === undefined ? undefined : new SourceMap(payload)
  } catch {
    return undefined
  }
}

/** A stack whose places are those of the author's files: `sources/x.ts:12:9`. What has no place of its own stays. */
export function mapStack(stack: string, scripts: readonly MappedScript[]): string {
  return stack
    .split('\n')
    .map((line) => {
      const found = /^(.*?)([^\s(]+):(\d+):(\d+)(\)?)$/.exec(line)
      if (found === null) return line
      const [, before = '', file, row = '', column = '', after = ''] = found
      const script = scripts.find((each) => each.file === file)
      const place = script && placeIn(script, Number(row), Number(column))
      return place === undefined ? line : `${before}${place}${after}`
    })
    .join('\n')
}

/** The author's place of a line and column of the script, both from 1; `undefined`: it has none. */
export function placeIn(script: MappedScript, line: number, column: number): string | undefined {
  const { map, lineOffset = 0, columnOffset = 0 } = script
  const own = line - 1 - lineOffset
  const from = own === 0 ? column - 1 - columnOffset : column - 1
  if (own < 0) return undefined
  const entry = map.findEntry(own, from)
  if (!('originalSource' in entry) || entry.originalSource === undefined) return undefined
  return `${nameOf(entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
}

/** Names of files in maps are URLs of sorts. */
function nameOf(source: string): string {
  return source.replace(/^archive:/, '')
}
