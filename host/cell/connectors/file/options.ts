import { Properties } from '../properties.ts'

export const fileTypes = ['json', 'lines', 'csv'] as const
export type FileType = (typeof fileTypes)[number]

/** What a file source was told, checked. */
export interface FileOptions {
  /** A file, or a folder whose files are read in the order of their names. */
  readonly path: string
  readonly fileType: FileType
  /** 0: read once, and the source ends. */
  readonly intervalMs: number
  readonly sendIntervalMs: number
  readonly hasHeader: boolean
  readonly columns: readonly string[] | undefined
  readonly delimiter: string
  readonly ignoreStartLines: number
  readonly ignoreEndLines: number
  readonly actionAfterRead: 'keep' | 'delete' | 'move'
  readonly moveTo: string
  readonly decompression: '' | 'gzip' | 'zstd'
}

const ACTIONS = ['keep', 'delete', 'move'] as const

export function readFileOptions(
  datasource: string,
  props: Readonly<Record<string, unknown>>,
  join: (...parts: string[]) => string,
): FileOptions {
  const read = new Properties('source "file"', props)
  const folder = read.text('path', 'data')
  if (datasource === '') read.refuse('DATASOURCE', 'must name a file or a folder')
  const columns = read.list('columns')?.map(String)
  const actionAfterRead = ACTIONS[read.integer('actionAfterRead', 0, 0, 2)] ?? 'keep'
  const moveTo = read.text('moveTo', '')
  if (actionAfterRead === 'move' && moveTo === '')
    read.refuse('moveTo', 'is needed with actionAfterRead 2')
  return {
    path: join(folder, datasource),
    fileType: read.choice('fileType', 'json', fileTypes),
    intervalMs: read.duration('interval', 0),
    sendIntervalMs: read.duration('sendInterval', 0),
    hasHeader: read.flag('hasHeader', false),
    columns,
    delimiter: read.text('delimiter', ','),
    ignoreStartLines: read.integer('ignoreStartLines', 0),
    ignoreEndLines: read.integer('ignoreEndLines', 0),
    actionAfterRead,
    moveTo,
    decompression: read.choice('decompression', '', ['', 'gzip', 'zstd']),
  }
}
