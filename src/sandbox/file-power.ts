import { facadeError, type HostFacades } from './facade-port.ts'
import type { MakePower } from './power.ts'
import { bytesOf } from './wrap-text.ts'

const PIECE = 2 ** 20
const MAX_READ = 64 * PIECE
const MAX_WRITE = 8 * PIECE
const MAX_PAGE = 1000

const Bytes = Uint8Array
const encoder = new TextEncoder()
const encode = encoder.encode.bind(encoder)
const { isSafeInteger } = Number
const setBytes = Uint8Array.prototype.set
const { apply } = Reflect
const { asyncIterator } = Symbol
const { min: least } = Math

/** `ctx.files`: closures over texts and bytes. Each argument is read once and copied before it goes to the host. */
export const filePower: MakePower = ({ port, harden }) => {
  const made = new Map<string, object>()
  const folder = (name: unknown): object => {
    const text = textOf(name, 'the name of a folder')
    const known = made.get(text)
    if (known !== undefined) return known
    const files = harden(filesOf(port, text, folder))
    if (made.size < 100) made.set(text, files)
    return files
  }
  return { context: { files: folder('private') } }
}

function filesOf(port: HostFacades, folder: string, open: (name: unknown) => object): object {
  const call = (verb: string, path: unknown, args: unknown[] = [], move: ArrayBuffer[] = []) =>
    port.call(`files.${verb}`, [folder, textOf(path, 'the name of a file'), ...args], move)
  const piece = async (path: string, at: number, length: number, id: string) =>
    new Bytes((await call('read', path, [at, length, id])) as ArrayBuffer)
  return {
    folder: (name: unknown) => open(name),
    stat: async (path: unknown) => call('stat', path),
    list: async (path: unknown = '', options?: unknown) => {
      const { after, limit } = recordOf(options)
      const page = limit === undefined ? MAX_PAGE : countOf(limit, 'limit')
      return call('list', path, [after === undefined ? '' : textOf(after, 'after'), page])
    },
    read: async (path: unknown, range?: unknown) => {
      const name = textOf(path, 'the name of a file')
      const { offset, length, id } = rangeOf(range)
      return readAll((at, count) => piece(name, at, count, id), offset, length)
    },
    readStream: (path: unknown, range?: unknown) => {
      const name = textOf(path, 'the name of a file')
      const { offset, length, id } = rangeOf(range)
      return pieces((at, count) => piece(name, at, count, id), offset, length)
    },
    write: async (path: unknown, data: unknown) => {
      const bytes = dataOf(data)
      return call('write', path, [bytes], [bytes])
    },
    append: async (path: unknown, data: unknown, options?: unknown) => {
      const isSynced = recordOf(options).sync === true
      const bytes = dataOf(data)
      return call('append', path, [bytes, isSynced], [bytes])
    },
    rename: async (from: unknown, to: unknown) =>
      call('rename', from, [textOf(to, 'the new name')]),
    remove: async (path: unknown) => call('remove', path),
    mkdir: async (path: unknown) => call('mkdir', path),
  }
}

type ReadPiece = (offset: number, length: number) => Promise<Uint8Array<ArrayBuffer>>

async function readAll(read: ReadPiece, offset: number, length: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let total = 0
  for (;;) {
    const wanted = least(length - total, PIECE)
    const part = wanted === 0 ? undefined : await read(offset + total, wanted)
    if (part === undefined || part.length === 0) break
    parts[parts.length] = part
    total += part.length
    if (total > MAX_READ)
      throw facadeError(
        'ERR_PLUGIN_LIMIT',
        `a read has at most ${MAX_READ} bytes; readStream has no limit`,
      )
    if (part.length < wanted) break
  }
  const [first] = parts
  if (parts.length === 1 && first !== undefined) return first
  const all = new Bytes(total)
  let at = 0
  for (const part of parts) {
    apply(setBytes, all, [part, at])
    at += part.length
  }
  return all
}

/** Reads when it is asked, and nothing ahead: there is nothing to let go of. */
function pieces(read: ReadPiece, offset: number, length: number): object {
  return {
    [asyncIterator]: () => {
      let [at, left] = [offset, length]
      const finished = { value: undefined, done: true }
      return {
        next: async () => {
          const wanted = least(left, PIECE)
          const value = wanted === 0 ? new Bytes(0) : await read(at, wanted)
          at += value.length
          left = value.length < wanted ? 0 : left - value.length
          return value.length === 0 ? finished : { value, done: false }
        },
        return: async () => {
          left = 0
          return finished
        },
      }
    },
  }
}

function rangeOf(range: unknown): { offset: number; length: number; id: string } {
  const { offset, length, id } = recordOf(range)
  return {
    offset: offset === undefined ? 0 : countOf(offset, 'offset'),
    length: length === undefined ? Number.MAX_SAFE_INTEGER : countOf(length, 'length'),
    id: id === undefined ? '' : textOf(id, 'id'),
  }
}

function dataOf(data: unknown): ArrayBuffer {
  const bytes = typeof data === 'string' ? encode(data) : bytesOf(data)
  if (bytes.length <= MAX_WRITE) return bytes.buffer as ArrayBuffer
  throw facadeError('ERR_PLUGIN_LIMIT', `a write has at most ${MAX_WRITE} bytes; append the rest`)
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  if (value === undefined) return {}
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  throw new TypeError('options: an object is wanted')
}

function textOf(value: unknown, what: string): string {
  if (typeof value === 'string' && value.length <= 4096) return value
  throw new TypeError(`${what}: a text is wanted`)
}

function countOf(value: unknown, what: string): number {
  if (typeof value === 'number' && isSafeInteger(value) && value >= 0) return value
  throw new TypeError(`${what}: a whole number of at least 0 is wanted`)
}
