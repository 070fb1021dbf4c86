import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'

/** A folder with little room, where somebody may mount one. */
export class SmallDisk {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** @returns `undefined` where mounting is not permitted */
  static mount(folder: string): SmallDisk | undefined {
    mkdirSync(folder)
    try {
      const flags = ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', folder]
      execFileSync('mount', flags, { stdio: 'ignore' })
    } catch {
      return undefined
    }
    return new SmallDisk(folder)
  }

  async fill(): Promise<void> {
    const file = await open(join(this.#folder, 'ballast'), 'w')
    try {
      for (let bytes = 65_536; bytes >= 512; ) {
        const isWritten = await file.write(Buffer.alloc(bytes)).then(
          ({ bytesWritten }) => bytesWritten === bytes,
          () => false,
        )
        if (!isWritten) bytes >>= 1
      }
    } finally {
      await file.close()
    }
  }

  free(): void {
    rmSync(join(this.#folder, 'ballast'), { force: true })
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.#folder], { stdio: 'ignore' })
  }
}
