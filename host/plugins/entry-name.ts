const MAX_LENGTH = 240
const MAX_DEPTH = 20
// names that are devices on Windows, whatever their extension
const DEVICES = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i
// control characters, and marks that turn the direction of the text around: shown as another name
const INVISIBLE = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

/** Why this name of an archive's entry is refused; `undefined` when it is a plain relative path. */
export function refusalOfName(name: string): string | undefined {
  if (name === '' || name === '/') return 'its name is empty'
  if (name.length > MAX_LENGTH) return `its name is longer than ${MAX_LENGTH} characters`
  if (name.includes('\\')) return 'its name holds a backslash'
  if (name.startsWith('/')) return 'its name is absolute'
  if (name.includes(':')) return 'its name holds a colon (a drive or a stream)'
  if (INVISIBLE.test(name)) return 'its name holds a control character'
  if (name.includes('\ufffd')) return 'its name is not UTF-8'
  const parts = (name.endsWith('/') ? name.slice(0, -1) : name).split('/')
  if (parts.length > MAX_DEPTH) return `it is more than ${MAX_DEPTH} folders deep`
  for (const part of parts) {
    if (part === '' || part === '.' || part === '..') return 'its name leaves its folder'
    if (/[. ]$/.test(part)) return 'a part of its name ends in a dot or space'
    if (DEVICES.test(part)) return `"${part}" is the name of a device`
  }
  return undefined
}

/** Equal for names that some file system takes for one. */
export function foldedName(name: string): string {
  return name.replace(/\/$/, '').normalize('NFC').toLowerCase()
}
