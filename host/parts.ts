import { join } from 'node:path'
import type { Catalog } from '#host/catalog/catalog.ts'
import type { Cell, CellEnvironment } from '#host/cell/cell.ts'
import type { Connectors } from '#host/cell/connectors/builtin.ts'
import { LocalCell } from '#host/cell/local-cell.ts'
import type { Environment } from '#host/config/load.ts'
import type { Options } from '#host/config/options.ts'
import { readSecrets } from '#host/config/secrets.ts'
import { AtOnce } from '#host/plugins/at-once.ts'
import { inspectInSandbox } from '#host/plugins/inspect.ts'
import { PluginHost } from '#host/plugins/plugin-host.ts'
import type { PluginKind, PluginService } from '#host/plugins/service.ts'
import { changeText } from '#host/plugins/turns.ts'

export interface ServerFolders {
  readonly data: string
  readonly etc: string
  readonly plugins: string
}

export interface PluginHostParts {
  readonly catalog: Catalog
  readonly folders: ServerFolders
  readonly version: string
  readonly options: Options['plugins']
  readonly environment: Environment
  /** A line for the log: which plugin was installed, upgraded, granted or removed, and by whom. */
  changed(text: string): void
  builtIn(kind: PluginKind, name: string): boolean
  /** Rules that hold an extension in their workers. */
  usedBy(
    tenant: string,
    kind: PluginKind,
    name: string,
    sha256?: string | undefined,
  ): readonly string[]
}

/** What a server is put together of; tests put others in. */
export interface ServerParts {
  createCell(environment: CellEnvironment, connectors: Connectors, folders: ServerFolders): Cell
  createPlugins(parts: PluginHostParts): Promise<PluginService & { close?(): Promise<void> }>
}

export const defaultParts: ServerParts = {
  createCell: (environment, connectors, folders) =>
    new LocalCell({
      environment,
      connectors,
      cacheFolder: cacheOf(folders),
      dataFolder: folders.data,
    }),
  createPlugins,
}

/** Workers in which plugins are looked at, at one time: each is a thread that boots, and many rules may be made at once. */
const MAX_LOOKS = 4

/** Bundled worker entries. */
function cacheOf({ data }: ServerFolders): string {
  return join(data, 'cache')
}

async function createPlugins(parts: PluginHostParts): Promise<PluginHost> {
  const { catalog, folders, version, options, environment, changed, builtIn, usedBy } = parts
  const { privateNetworks, timeout, idleTimeout, maxBytes, maxRedirects, retries } =
    options.download
  const looks = new AtOnce(MAX_LOOKS)
  const host = new PluginHost({
    records: catalog.plugins,
    dataFolder: folders.data,
    etcFolder: folders.etc,
    hostVersion: version,
    download: {
      privateNetworks,
      maxBytes,
      totalMs: timeout,
      idleMs: idleTimeout,
      redirects: maxRedirects,
      retries,
    },
    trusted: options.trusted,
    signers: options.signers,
    secrets: () => readSecrets(folders.etc, environment),
    inspect: (codes, tier, calls, tenant) => {
      const cacheFolder = cacheOf(folders)
      return looks.run(() => inspectInSandbox(codes, { cacheFolder, tier, calls }), tenant)
    },
    builtIn,
    usedBy,
    audit: (tenant, note) => {
      const text = changeText(tenant, note)
      if (text !== undefined) changed(text)
      catalog.audit.add(tenant, note)
    },
    durable: () => catalog.durable(),
  })
  await host.open()
  return host
}
