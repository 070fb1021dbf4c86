import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readVersion } from '#host/version.ts'
import { AuthoringError } from './errors.ts'
import { checkName } from './names.ts'
import { buildSdk } from './sdk-tarball.ts'

export const kinds = ['source', 'sink', 'function'] as const
export type Kind = (typeof kinds)[number]

export interface NewProject {
  /** Made by this; its last part is the package's name. */
  readonly folder: string
  /** Names in camel case. */
  readonly extensions: readonly { readonly kind: Kind; readonly name: string }[]
}

const templates = fileURLToPath(new URL('../../sdk/templates/', import.meta.url))
const root = fileURLToPath(new URL('../../', import.meta.url))

/**
 * Makes a plugin project that an editor understands, with tests that pass and the SDK beside it.
 *
 * @returns the files, by their names in the folder
 * @throws AuthoringError when the folder is there, or a name cannot be
 */
export async function makeProject(project: NewProject): Promise<string[]> {
  const { folder, extensions } = project
  const name = path.basename(folder)
  if (!/^[a-z0-9][a-z0-9._-]{0,99}$/.test(name)) {
    throw new AuthoringError(
      'bad-name',
      `"${name}" is no name for a package: small letters, digits, "-", "_" and ".", such as my-plugin`,
    )
  }
  for (const extension of extensions) checkName(extension.kind, extension.name)
  const files = new Map<string, string>()
  for (const extension of extensions) await addExtension(files, extension)
  files.set('tsconfig.json', await readFile(path.join(templates, 'common/tsconfig.json'), 'utf8'))
  files.set('README.md', await readme(name, extensions))
  // data/ and log/ are of a server that is started here, *.key is what keygen writes
  files.set('.gitignore', 'node_modules/\ntarget/\ndata/\nlog/\n*.key\n')
  await makeFolder(folder)
  const sdk = await buildSdk(path.join(folder, 'vendor'))
  files.set('package.json', await manifest(name, extensions, path.basename(sdk)))
  for (const [file, text] of files) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
    await writeFile(path.join(folder, file), text)
  }
  return [...files.keys(), `vendor/${path.basename(sdk)}`].sort()
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') {
      throw new AuthoringError(
        'exists',
        `${folder} is there already; give another name, or remove it first`,
      )
    }
    throw new AuthoringError('exists', `${folder} cannot be made: ${message}`, { cause: error })
  }
}

async function addExtension(
  files: Map<string, string>,
  { kind, name }: NewProject['extensions'][number],
): Promise<void> {
  const from = path.join(templates, kind)
  for (const file of await readdir(from)) {
    const text = renamed(await readFile(path.join(from, file), 'utf8'), kind, name)
    if (file.endsWith('.yaml')) files.set(`${name}.yaml`, text)
    else if (file.endsWith('.test.ts')) files.set(`test/${kebab(name)}.${kind}.test.ts`, text)
    else files.set(`${kind}s/${renamed(file, kind, name)}`, text)
  }
}

/** The template's names in all spellings. */
function renamed(text: string, kind: Kind, name: string): string {
  const upper = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)
  return text
    .replaceAll(`Template${upper(kind)}`, upper(name))
    .replaceAll(`template${upper(kind)}`, name)
    .replaceAll(`template-${kind}`, kebab(name))
}

function kebab(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase()
}

async function manifest(
  name: string,
  extensions: NewProject['extensions'],
  tarball: string,
): Promise<string> {
  const own = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
    devDependencies: Record<string, string>
  }
  const versions: Record<string, string> = { ...own.devDependencies, ...own.dependencies }
  const tools = ['@types/node', 'esbuild', 'typescript']
  const entries = (kind: Kind) =>
    extensions
      .filter((each) => each.kind === kind)
      .map((each) => {
        const file = `${kind}s/${kebab(each.name)}.ts`
        const options = `sources/${kebab(each.name)}.schema.json`
        return [each.name, kind === 'source' ? { file, options } : file]
      })
  const made = {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    // tests are TypeScript, as Node runs it without a build from there on
    engines: { node: '>=24', plutino: `^${readVersion()}` },
    scripts: { test: 'node --test "test/**/*.test.ts"', types: 'tsc' },
    dependencies: { '@plutino/sdk': `file:vendor/${tarball}` },
    devDependencies: Object.fromEntries(tools.map((tool) => [tool, versions[tool]])),
    plutino: Object.fromEntries(
      kinds
        .map((kind) => [`${kind}s`, Object.fromEntries(entries(kind))] as const)
        .filter(([, found]) => Object.keys(found).length > 0),
    ),
  }
  return `${JSON.stringify(made, undefined, 2)}\n`
}

async function readme(name: string, extensions: NewProject['extensions']): Promise<string> {
  const text = await readFile(path.join(templates, 'common/README.md'), 'utf8')
  const [only] = extensions
  const zip =
    extensions.length === 1 && only !== undefined
      ? `${only.kind}s/${only.name.charAt(0).toUpperCase()}${only.name.slice(1)}@v0.1.0.zip`
      : `${name}@v0.1.0.zip`
  const rows = extensions.map((each) => `| ${each.kind} | \`${each.name}\` | |`)
  return text
    .replaceAll('{{name}}', name)
    .replaceAll('{{zip}}', `target/plugins/${zip}`)
    .replace('{{table}}', rows.join('\n'))
}
