import { join } from 'node:path'
import type { PluginRecord } from '#host/catalog/plugins.ts'
import { isMap, readYaml } from '#host/config/yaml.ts'
import { HostError, textOf } from '#host/errors.ts'
import {
  askedFor,
  checkGrants,
  type Grant,
  isFolder,
  mergeGrants,
  originOr,
  readGrants,
} from './grants.ts'
import type { Permissions } from './permissions.ts'

/** What the operator of a fleet grants in a file, by package. */
interface PackagePolicy {
  readonly grants: unknown
  /** Digests of the zips that get them. @default every zip of the package */
  readonly sha256?: readonly string[] | undefined
}

const FILE = 'grants.yaml'

/**
 * `etc/grants.yaml`: powers that a package has as soon as it is installed. Only what a plugin asks for is given; a line for
 * more is no error, as one file serves many versions.
 */
export class GrantPolicy {
  readonly #path: string
  #packages: ReadonlyMap<string, PackagePolicy> = new Map()

  constructor(etcFolder: string) {
    this.#path = join(etcFolder, FILE)
  }

  /** @throws HostError `bad-config`; what was read before stays */
  async read(): Promise<void> {
    const file = await readYaml(this.#path)
    const packages = new Map<string, PackagePolicy>()
    for (const [name, value] of Object.entries(file?.data ?? {}))
      packages.set(name, readPolicy(this.#path, name, value))
    this.#packages = packages
  }

  /** What the file gives this version of a package. */
  grantsOf(record: Pick<PluginRecord, 'package' | 'sha256' | 'asked'>): readonly Grant[] {
    const policy = this.#packages.get(record.package)
    if (policy === undefined || policy.sha256?.includes(record.sha256) === false) return []
    const asked = (record.asked ?? {}) as Permissions
    const given = onlyAsked(policy.grants, asked)
    return readGrants(`package "${record.package}"`, asked, given).map((grant) => ({
      ...grant,
      from: `etc/${FILE}`,
    }))
  }
}

export interface PolicyWatchOptions {
  /** Reads the file again. @returns the packages whose powers are others now */
  read(): Promise<readonly string[]>
  changed(packageName: string): Promise<void>
  report(level: 'info' | 'warn', message: string): void
}

/** Applies the file whenever it is looked at and says something else. */
export class PolicyWatch {
  readonly #options: PolicyWatchOptions
  #problem = ''

  constructor(options: PolicyWatchOptions) {
    this.#options = options
  }

  /** Never rejects: what the file said before goes on while it cannot be read. */
  async look(): Promise<void> {
    const { read, changed, report } = this.#options
    let problem = ''
    try {
      for (const name of await read()) {
        report('info', `etc/${FILE}: the powers of package "${name}" have changed`)
        await changed(name)
      }
    } catch (error) {
      problem = textOf(error)
    }
    if (problem !== '' && problem !== this.#problem)
      report('warn', `${problem}; what it said before goes on`)
    this.#problem = problem
  }
}

function readPolicy(path: string, name: string, value: unknown): PackagePolicy {
  try {
    if (!isMap(value)) return { grants: checkPolicy(name, value) }
    const { sha256, ...grants } = value
    const digests = sha256 === undefined || Array.isArray(sha256) ? sha256 : [sha256]
    if (digests?.some((digest) => !/^[0-9a-f]{64}$/.test(String(digest))) === true)
      throw new Error('sha256 must be a digest of a zip, or a list of them')
    return { grants: checkPolicy(name, grants), sha256: digests?.map(String) }
  } catch (error) {
    throw new HostError('bad-config', `${path}: ${textOf(error)}`, { cause: error })
  }
}

/** Everything at fault is found when the file is read, not when a plugin is installed. */
function checkPolicy(name: string, grants: unknown): unknown {
  const who = `package "${name}"`
  const checked = checkGrants(who, grants)
  if (typeof checked === 'string') return checked
  for (const [folder, path] of Object.entries(checked.files ?? {}))
    readGrants(
      who,
      { files: { private: { quotaBytes: 1 }, folders: { [folder]: 'read' } } },
      {
        files: { [folder]: path },
      },
    )
  return checked
}

function onlyAsked(grants: unknown, asked: Permissions): unknown {
  if (!isMap(grants)) return grants
  const allowed = askedFor(asked)
  const has = (power: Grant['power'], to: string) =>
    allowed.some((grant) => grant.power === power && grant.to === to)
  const { all, network, secrets, files } = grants
  return {
    ...(all === undefined ? {} : { all }),
    network: texts(network)
      .map(originOr)
      .filter((to) => has('network', to)),
    secrets: texts(secrets).filter((to) => has('secrets', to)),
    files: Object.fromEntries(
      Object.entries(isMap(files) ? files : {}).filter(([to]) => has('files', to)),
    ),
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}

/** What a call granted wins where both bind a folder. */
export function effectiveGrants(
  given: readonly Grant[],
  policy: readonly Grant[],
): readonly Grant[] {
  const bound = given.filter((grant) => !isFolder(grant) || grant.path !== undefined)
  return mergeGrants(policy, bound)
}
