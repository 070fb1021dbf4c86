import { Moved, OffenceError, type Serve } from '../workers/guarded-endpoint.ts'
import { countOf } from '../workers/results.ts'
import type { MakeFacade } from './facade.ts'
import { FacadeError } from './facade-error.ts'
import { partsOf, shown } from './files/names.ts'
import * as operations from './files/operations.ts'
import { Quotas } from './files/quota.ts'
import { Turns } from './files/turns.ts'

/** libuv has four threads for the files and names of all: a plugin holds two at most. */
const AT_ONCE = 2
/** Of calls that wait for those: the worker sends fewer. */
const MAX_WAITING = 64

/**
 * A plugin's private folder, the folders that the operator bound for it, and what came in its zip. Relative names and
 * bytes come in, bytes and plain entries go out, never a path of the host and never a descriptor.
 */
export const filesFacade: MakeFacade = (host) => {
  const { files } = host.powers
  const own = files.private
  const quotas = host.quotas ?? new Quotas()
  const account = own && quotas.use(own.path)
  const turns = new Turns(AT_ONCE, MAX_WAITING)

  /** @param access what the call needs */
  const ground = (name: string, access: 'read' | 'write'): operations.Ground => {
    if (name === 'private') {
      if (own === undefined || account === undefined) throw host.denied('files', name)
      return { root: own.path, quota: { account, limit: own.quotaBytes } }
    }
    const bound = Object.hasOwn(files.folders, name) ? files.folders[name] : undefined
    if (bound === undefined) throw host.denied('files', name)
    if (access === 'read' || bound.access === 'write') return { root: bound.path }
    throw new FacadeError(
      'ERR_PLUGIN_DENIED',
      `${host.title} may only read files "${name}"; plutino.permissions.files.folders has to ask for "write"`,
    )
  }

  const serve = (
    verb: string,
    access: 'read' | 'write',
    work: (at: operations.Ground, parts: readonly string[], args: readonly unknown[]) => unknown,
  ): [string, Serve] => [
    `files.${verb}`,
    ([folder, name, ...args]) => {
      if (typeof folder !== 'string' || typeof name !== 'string')
        throw new OffenceError('no name of a file')
      return turns.run(async () => {
        const what = `${verb} ${shown(name)}${folder === 'private' ? '' : ` in "${shown(folder)}"`}`
        try {
          return await work(ground(folder, access), partsOf(name), args)
        } catch (error) {
          throw plainError(error, what)
        }
      })
    },
  ]

  return {
    methods: new Map<string, Serve>([
      serve('stat', 'read', operations.statOf),
      serve('list', 'read', (at, parts, [after, limit]) => {
        const page = Math.max(1, Math.min(countOf(limit, 'limit'), operations.MAX_PAGE))
        return operations.list(at, parts, { after: textOf(after), limit: page })
      }),
      serve('read', 'read', async (at, parts, [offset, length, id]) => {
        const range = { offset: countOf(offset, 'offset'), length: countOf(length, 'length') }
        const bytes = await operations.read(at, parts, { ...range, id: textOf(id) })
        return new Moved(bytes, [bytes])
      }),
      serve('write', 'write', (at, parts, [bytes]) => operations.write(at, parts, bytesOf(bytes))),
      serve('append', 'write', (at, parts, [bytes, isSynced]) =>
        operations.append(at, parts, { bytes: bytesOf(bytes), isSynced: isSynced === true }),
      ),
      serve('rename', 'write', (at, parts, [to]) =>
        operations.move(at, parts, partsOf(textOf(to))),
      ),
      serve('remove', 'write', operations.remove),
      serve('mkdir', 'write', operations.makeFolders),
    ]),
    close() {
      turns.close()
      if (own !== undefined) quotas.release(own.path)
    },
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string' && value.length <= 4096) return value
  throw new OffenceError('no name of a file')
}

function bytesOf(value: unknown): Uint8Array {
  if (!(value instanceof ArrayBuffer)) throw new OffenceError('no bytes')
  if (value.byteLength <= operations.MAX_WRITE) return new Uint8Array(value)
  throw new FacadeError(
    'ERR_PLUGIN_LIMIT',
    `a write has at most ${operations.MAX_WRITE} bytes; append the rest`,
  )
}

const sentences: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EEXIST: 'it is there already',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the name is no folder',
  ENOTEMPTY: 'the folder is not empty',
  ELOOP: 'there is a link on the way',
  EACCES: 'the host may not do that',
  EPERM: 'the host may not do that',
  ENOSPC: 'the disk is full',
  EROFS: 'the disk cannot be written to',
  EMFILE: 'the host has too many files open',
  EINVAL: 'that cannot be',
  ESTALE: 'it is another file by now',
}

/** What the system says names paths of the host: a plugin gets its own words back. */
function plainError(error: unknown, what: string): unknown {
  if (error instanceof FacadeError || error instanceof OffenceError) return error
  const { code, message, name } = error as NodeJS.ErrnoException
  const known = typeof code === 'string' ? code : 'EIO'
  const why = name === 'FileError' ? message : (sentences[known] ?? 'it failed')
  return Object.assign(new Error(`${what}: ${known}: ${why}`), { code: known })
}
