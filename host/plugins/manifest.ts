import semver from 'semver'
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { InstallError } from './errors.ts'
import { permissionsSchema } from './permissions.ts'

const Entries = Type.Record(
  Type.String(),
  Type.Union([
    Type.String({ description: 'a file, or file#Export' }),
    Type.Object({
      file: Type.String(),
      options: Type.Optional(Type.String({ description: 'a JSON Schema of the options' })),
    }),
  ]),
)

/** The shape of a plugin's package.json, published as JSON Schema. Keys that are not named here are npm's or the author's. */
export const manifestSchema = Type.Object({
  name: Type.String({
    pattern: '^(@[a-z0-9-][a-z0-9-._]*/)?[a-zA-Z0-9-][a-zA-Z0-9-._]*$',
    maxLength: 100,
  }),
  version: Type.String({ maxLength: 100 }),
  type: Type.Optional(Type.String()),
  engines: Type.Optional(Type.Object({ plutino: Type.Optional(Type.String()) })),
  plutino: Type.Object({
    sources: Type.Optional(Entries),
    sinks: Type.Optional(Entries),
    functions: Type.Optional(Entries),
    permissions: Type.Optional(permissionsSchema),
  }),
})

export type Manifest = Static<typeof manifestSchema>

const MAX_BYTES = 256 << 10

const checker = Compile(manifestSchema)

/** @throws InstallError `bad-manifest` that names the field */
export function checkManifest(bytes: Buffer): Manifest {
  if (bytes.length > MAX_BYTES) bad(`has ${bytes.length} bytes; ${MAX_BYTES} are allowed`)
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    bad(`is not JSON: ${(error as Error).message.slice(0, 100)}`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) bad('is not an object')
  if (Object.hasOwn(value, '__proto__') || Object.hasOwn(value, 'constructor'))
    bad('has a key "__proto__" or "constructor"')
  if (!Object.hasOwn(value, 'plutino')) {
    throw new InstallError(
      'no-manifest',
      'package.json has no "plutino" section: it is an npm package, but no plugin',
    )
  }
  if (!checker.Check(value)) {
    bad(problemOf(value))
  }
  const manifest: Manifest = value
  const range = manifest.engines?.plutino
  if (range !== undefined && semver.validRange(range) === null)
    bad(`engines.plutino: "${range.slice(0, 80)}" is no semver range such as ^0.1.0`)
  if (semver.valid(manifest.version) === null)
    bad(`version: "${manifest.version}" is no semver version such as 1.2.0`)
  return manifest
}

const ENTRY = /^plutino\.(sources|sinks|functions)\.[^.]+/

function problemOf(value: object): string {
  const [first] = checker.Errors(value)
  if (first === undefined) return 'is not as expected'
  const path = first.instancePath.slice(1).replaceAll('/', '.')
  const [entry] = ENTRY.exec(path) ?? []
  if (entry !== undefined) return `${entry}: must be a file, "file#Export" or an object with "file"`
  if (path === 'name') return 'name: it is no name that npm allows, such as acme-tools'
  if (first.message === 'schema is false')
    return `${path}: there is no such key; docs/sandbox.md shows what a manifest may ask for`
  return path === '' ? first.message : `${path}: ${first.message}`
}

function bad(what: string): never {
  throw new InstallError('bad-manifest', `package.json ${what}`)
}
