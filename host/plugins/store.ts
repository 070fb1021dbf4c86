import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { InstallError } from './errors.ts'
import { type Prepared, sha256 } from './prepare.ts'

/** One stored script of a package and how to know that it is the same. */
export interface StoredScript {
  /** The file in the package. */
  readonly file: string
  /** Relative to the package's folder. */
  readonly path: string
  readonly sha256: string
}

const ROOT = 'packages'
const STAGING = '.staging'
/** The unpacked files of a trusted package. */
const RAW = 'files'
const MAX_NAME = 200

/**
 * Packages on disk, in a folder of its own for each installation: `packages/<tenant>/<package>@<version>-<id>/`. It
 * appears whole or not at all, and never changes; what no record of the catalog names is swept away at the next start.
 */
export class PackageStore {
  readonly #root: string

  /** @param root the data folder */
  constructor(root: string) {
    this.#root = root
  }

  /** Writes everything beside its place, syncs it, and renames it there. */
  async write(
    tenant: string,
    prepared: Prepared,
  ): Promise<{ path: string; scripts: StoredScript[] }> {
    const id = randomUUID()
    const path = join(ROOT, tenant, folderName(prepared.content, id.slice(0, 8)))
    const staging = join(this.#root, ROOT, STAGING, id)
    const scripts = prepared.scripts.map(({ file, sha256 }, i) => ({
      file,
      path: `script-${i}.cjs`,
      sha256,
    }))
    try {
      await mkdir(staging, { recursive: true })
      for (const [i, script] of prepared.scripts.entries()) {
        await writeSynced(join(staging, `script-${i}.cjs`), script.text)
        await writeSynced(join(staging, `script-${i}.cjs.map`), script.map)
      }
      const raw = (prepared.files ?? []).map((file) => ({ ...file, name: `${RAW}/${file.name}` }))
      for (const { name, bytes } of [...prepared.etc, ...raw]) {
        await mkdir(dirname(join(staging, name)), { recursive: true })
        await writeSynced(join(staging, name), bytes)
      }
      const target = join(this.#root, path)
      await mkdir(dirname(target), { recursive: true })
      await rename(staging, target)
      await syncFolder(dirname(target))
    } catch (error) {
      await rm(staging, { recursive: true, force: true })
      throw error
    }
    return { path, scripts }
  }

  /** @throws InstallError when the script is gone or is not what was installed */
  async read(path: string, script: StoredScript): Promise<string> {
    const text = await readFile(join(this.#root, path, script.path), 'utf8').catch(
      (error: Error) => {
        throw new InstallError(
          'bad-plugin',
          `script "${script.file}" of the installed plugin cannot be read: ${error.message}; install it again`,
          { cause: error },
        )
      },
    )
    if (sha256(text) !== script.sha256) {
      throw new InstallError(
        'bad-plugin',
        `script "${script.file}" of the installed plugin was changed on disk; install it again`,
      )
    }
    return text
  }

  /** Where a file of a trusted package lies. */
  rawPath(path: string, file: string): string {
    return join(this.#root, path, RAW, file)
  }

  /** The files that came in the zip's `etc/`. */
  etcFolder(path: string): string {
    return join(this.#root, path, 'etc')
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.#root, path), { recursive: true, force: true })
  }

  /**
   * Clears away what an installation or a removal left behind that was cut off.
   *
   * @param known the paths that the catalog names for a tenant
   */
  async sweep(known: (tenant: string) => readonly string[]): Promise<void> {
    await rm(join(this.#root, ROOT, STAGING), { recursive: true, force: true })
    for (const tenant of await foldersIn(join(this.#root, ROOT))) {
      const kept = new Set(known(tenant))
      for (const folder of await foldersIn(join(this.#root, ROOT, tenant))) {
        const path = join(ROOT, tenant, folder)
        if (!kept.has(path)) await this.remove(path)
      }
    }
  }
}

/** `@scope/name` and versions that may be any text, as one folder; `id` keeps two installations apart. */
function folderName(content: { package: string; version: string }, id: string): string {
  const { package: name, version } = content
  const text = encodeURIComponent(version === '' ? name : `${name}@${version}`)
    .replaceAll('%40', '@')
    .replaceAll('*', '%2A')
    .replace(/^\./, '%2E')
  return `${text.slice(0, MAX_NAME)}-${id}`
}

async function foldersIn(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function writeSynced(path: string, data: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o444)
  try {
    await file.writeFile(data)
    await file.sync()
  } finally {
    await file.close()
  }
}
