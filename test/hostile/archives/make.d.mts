export interface ArchiveCase {
  readonly id: string
  readonly expect: 'accept' | 'refuse' | 'either'
  readonly why: string
  /** Below the folder that they were written to. */
  readonly file: string
  /** Relative to where it is unpacked: paths that must not be there afterwards. */
  readonly escapes?: readonly string[]
  /** A file to put there before; no text of it may come out. */
  readonly plant?: { readonly path: string; readonly text: string }
}

export function makeArchives(
  folder: string,
  options: { manifest?: object; entry?: string; large?: boolean },
): readonly ArchiveCase[]
