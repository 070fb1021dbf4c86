import { didYouMean } from '../testing/did-you-mean.ts'

/** By the place of an object in the manifest, `*` for any name: its keys. The same as in `manifest.schema.json`. */
export const manifestKeys = new Map<string, readonly string[]>([
  ['plutino', ['sources', 'sinks', 'functions', 'permissions']],
  ['plutino.sources.*', ['file', 'options']],
  ['plutino.sinks.*', ['file', 'options']],
  ['plutino.functions.*', ['file', 'options']],
  ['plutino.permissions', ['network', 'files', 'secrets']],
  ['plutino.permissions.files', ['quotaBytes', 'private', 'folders']],
  ['plutino.permissions.files.private', ['quotaBytes']],
])

/** @returns what is wrong with the first key that nobody reads; `undefined`: all of them are known */
export function unknownKey(plutino: object): string | undefined {
  return problemIn(plutino, 'plutino', 'plutino')
}

/** @param place with `*` for names that the author gives */
function problemIn(value: object, path: string, place: string): string | undefined {
  const known = manifestKeys.get(place)
  for (const [key, part] of Object.entries(value)) {
    if (known?.includes(key) === false)
      return `${path}.${key}: there is no such key${didYouMean(key, known)}`
    if (typeof part !== 'object' || part === null || Array.isArray(part)) continue
    const inner = known === undefined ? `${place}.*` : `${place}.${key}`
    const problem = problemIn(part, `${path}.${key}`, inner)
    if (problem !== undefined) return problem
  }
  return undefined
}
