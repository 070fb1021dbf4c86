import { FacadeError } from '../facade-error.ts'

const MAX_DEPTH = 20
const MAX_PART = 255
const MAX_NAME = 1024
/** Of files that are being written; no plugin sees or names them. */
export const TEMPORARY = '.plutino-'

/**
 * The parts of a relative name. Nothing is normalized: a name means what it says or nothing. `''` and `.` are the folder
 * itself.
 *
 * @throws FacadeError `EINVAL` for what might lead elsewhere, or has two meanings on some file system
 */
export function partsOf(name: string): readonly string[] {
  if (name === '' || name === '.') return []
  if (name.length > MAX_NAME) throw wrong(name, `a name has at most ${MAX_NAME} characters`)
  const parts = name.split('/')
  if (parts.length > MAX_DEPTH) throw wrong(name, `folders lie at most ${MAX_DEPTH} deep`)
  for (const part of parts) {
    const problem = problemOf(part)
    if (problem !== undefined) throw wrong(name, problem)
  }
  return parts
}

/** As a file or folder of a list: one that could not be named is left out. */
export function isUsable(part: string): boolean {
  return problemOf(part) === undefined
}

function problemOf(part: string): string | undefined {
  if (part === '') return 'a name is relative, with one "/" between its parts and none at its ends'
  if (part === '.' || part === '..') return `"${part}" leads elsewhere`
  if (part.includes('\\')) return 'there is no "\\" in a name'
  if (/\p{Cc}/u.test(part)) return 'there are no control characters in a name'
  // What is no Unicode comes back from the disk as another name.
  if (!part.isWellFormed() || part.includes('\ufffd')) return 'a name is Unicode'
  if (Buffer.byteLength(part) > MAX_PART) return `a part of a name has at most ${MAX_PART} bytes`
  if (part.startsWith(TEMPORARY)) return `names that begin with "${TEMPORARY}" belong to the host`
  return undefined
}

function wrong(name: string, why: string): FacadeError {
  return new FacadeError('EINVAL', `"${shown(name)}" is no name of a file: ${why}`)
}

/** For messages. */
export function shown(name: string): string {
  const text = name.replace(/\p{Cc}/gu, '?')
  return text.length > 100 ? `${text.slice(0, 99)}…` : text
}
