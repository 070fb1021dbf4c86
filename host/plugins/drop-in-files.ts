import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { ZipFile } from 'yazl'
import { codeOf } from '#host/errors.ts'
import { InstallError } from './errors.ts'
import type { PluginKind } from './service.ts'
import { zipLimits } from './zip-directory.ts'

/** A file in a drop-in folder. */
export interface DropInFile {
  /** Relative to the folder: `sinks/Mysql@v1.0.0.zip`. */
  readonly file: string
  readonly path: string
  readonly bytes: number
  readonly modifiedAt: number
  /** Said by the folder that it lies in; `undefined`: only its manifest can say. */
  readonly kind: PluginKind | undefined
  /** From the file's name. */
  readonly name: string
}

const kinds: Readonly<Record<string, PluginKind>> = {
  sources: 'source',
  sinks: 'sink',
  functions: 'function',
}
const SCRIPTS = ['.js', '.mjs', '.cjs', '.ts']

/** The folders that are looked at: for each kind, and the one above them for packages. */
export function dropInFolders(root: string): string[] {
  return [root, ...Object.keys(kinds).map((folder) => join(root, folder))]
}

/** Everything that may be a plugin, in the order of their names. */
export async function findDropIns(root: string): Promise<DropInFile[]> {
  const found: DropInFile[] = []
  for (const folder of dropInFolders(root)) {
    const kind = folder === root ? undefined : kinds[basename(folder)]
    for (const file of await namesIn(folder)) {
      const isScript = kind !== undefined && SCRIPTS.includes(extname(file))
      if (file.startsWith('.') || (!isScript && extname(file) !== '.zip')) continue
      const path = join(folder, file)
      const stats = await stat(path).catch(() => undefined)
      if (stats?.isFile() !== true) continue
      const [base = ''] = file.slice(0, -extname(file).length).split('@')
      found.push({
        file: kind === undefined ? file : `${basename(folder)}/${file}`,
        path,
        bytes: stats.size,
        modifiedAt: stats.mtimeMs,
        kind,
        name: base.charAt(0).toLowerCase() + base.slice(1),
      })
    }
  }
  return found
}

/** As it would have been downloaded: a script that lies there alone is put into an archive with its yaml. */
export async function zipOf({ path, name, kind, bytes }: DropInFile): Promise<Uint8Array> {
  if (bytes > zipLimits.archiveBytes)
    throw new InstallError(
      'too-large',
      `it has ${bytes} bytes; ${zipLimits.archiveBytes} are allowed`,
    )
  const content = await readFile(path)
  if (extname(path) === '.zip') return content
  const zip = new ZipFile()
  // the same bytes for the same file: its digest tells whether it changed
  const options = { mtime: new Date(2000, 0, 1), compress: false }
  zip.addBuffer(content, basename(path), options)
  const yaml = kind === 'source' ? await yamlBeside(path, name) : undefined
  if (yaml !== undefined) zip.addBuffer(yaml, `${name}.yaml`, options)
  zip.end()
  return buffer(zip.outputStream)
}

async function yamlBeside(path: string, name: string): Promise<Buffer | undefined> {
  return readFile(join(path, '..', `${name}.yaml`)).catch(() => undefined)
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return []
    throw error
  }
}
