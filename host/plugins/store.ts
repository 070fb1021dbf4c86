import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
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

/** Packages on disk: `plugins/<tenant>/<package>/<version>/`. A folder appears whole or not at all. */
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
    const { content } = prepared
    const path = join(
      'plugins',
      tenant,
      folderName(content.package),
      folderName(content.version || 'none'),
    )
    const staging = join(this.#root, 'plugins', '.staging', randomUUID())
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
      for (const { name, bytes } of prepared.etc) {
        await mkdir(dirname(join(staging, name)), { recursive: true })
        await writeSynced(join(staging, name), bytes)
      }
      const target = join(this.#root, path)
      await mkdir(dirname(target), { recursive: true })
      await rm(target, { recursive: true, force: true })
      await rename(staging, target)
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

  async remove(path: string): Promise<void> {
    await rm(join(this.#root, path), { recursive: true, force: true })
  }

  /** What an installation left behind that was cut off. */
  async sweep(): Promise<void> {
    await rm(join(this.#root, 'plugins', '.staging'), { recursive: true, force: true })
  }
}

/** `@scope/name` as one folder; versions may be any text. */
function folderName(name: string): string {
  return encodeURIComponent(name)
    .replaceAll('.', '%2E')
    .replaceAll('*', '%2A')
    .replace(/%2E(?=\d)/g, '.')
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
