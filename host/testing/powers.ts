import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { TestOptions } from '@plutino/sdk/testing/bench'
import type { PluginPowers } from '#host/cell/cell.ts'

const QUOTA_BYTES = 64 * 2 ** 20

/** What a test grants, as a cell takes it. @param folder of the test: the private folder is made in it */
export function testPowers({ grants, secrets = {} }: TestOptions, folder: string): PluginPowers {
  const { private: hasPrivate = false, folders = {} } = grants?.files ?? {}
  const own = path.join(folder, 'private')
  if (hasPrivate) mkdirSync(own, { recursive: true })
  return {
    network: [...(grants?.network ?? [])],
    files: {
      ...(hasPrivate ? { private: { path: own, quotaBytes: QUOTA_BYTES } } : {}),
      folders: Object.fromEntries(
        Object.entries(folders).map(([name, each]) => [
          name,
          { path: path.resolve(each), access: 'write' as const },
        ]),
      ),
    },
    secrets,
    asked: [],
    grantCall: 'option grants of the test',
  }
}
