/** A file or a folder, as `stat` and `list` tell of it. */
export interface FileEntry {
  /** The last part of its name. */
  readonly name: string
  readonly type: 'file' | 'folder'
  /** 0 for a folder. */
  readonly bytes: number
  /** ms since the epoch */
  readonly modifiedAt: number
  /** Stays the same when the file is renamed or grows, and is another when another file takes its name. */
  readonly id: string
}

/** Which part of a file. */
export interface ReadRange {
  /** Where to begin, in bytes. @default 0 */
  readonly offset?: number | undefined
  /** Bytes, at most. @default what is left */
  readonly length?: number | undefined
  /** The `id` that the file had: if it is another one by now, the read fails with code `ESTALE`. */
  readonly id?: string | undefined
}

/**
 * Files of a folder: the plugin's private one, which all rules with this plugin share, or one that the operator bound.
 *
 * Names are relative, with `/` between their parts: no `..`, no `\`, no control characters, at most 20 deep. Links, pipes,
 * devices and files with a second name are not served, and none can be made. A call that fails has the system's `code`
 * (`ENOENT`, `EEXIST`, `ENOTEMPTY`), `EINVAL` for a name that cannot be, `ERR_PLUGIN_DENIED` for what was not granted, and
 * `ERR_PLUGIN_LIMIT` when the private folder's quota would be passed. Two calls of a plugin are served at a time; the
 * others wait, in order.
 *
 * @example
 * export class Counter implements RowSink {
 *   readonly accepts = 'rows'
 *   configure() {}
 *   async open({ files }: SinkContext) {
 *     if ((await files.stat('days')) === undefined) await files.mkdir('days')
 *   }
 *   async collect({ files }: SinkContext, rows: Row[]) {
 *     await files.append('days/count.txt', `${rows.length}\n`)
 *   }
 *   close() {}
 * }
 */
export interface Files {
  /**
   * The folder that the manifest names in `plutino.permissions.files.folders`, at the path that the operator bound it to;
   * `etc`: the files that came in the zip's `etc/`, which need no grant. Whether it was granted is told by the first call.
   */
  folder(name: string): Files
  /** `undefined`: there is nothing of this name. */
  stat(path: string): Promise<FileEntry | undefined>
  /**
   * A page of a folder, in the order of the names' UTF-16 code units. An empty one is the end.
   *
   * @param path of the folder; `''`: this one
   */
  list(
    path?: string,
    options?: {
      /** Names behind this one: the last of the page before. @default from the first */
      readonly after?: string | undefined
      /** Entries, at most 1000. @default 1000 */
      readonly limit?: number | undefined
    },
  ): Promise<FileEntry[]>
  /** The bytes of a range, at most 64 MB of them; fewer where the file ends. */
  read(path: string, range?: ReadRange): Promise<Uint8Array>
  /** The bytes of a range in pieces of at most 1 MB, each read when it is asked for. */
  readStream(path: string, range?: ReadRange): AsyncIterable<Uint8Array>
  /**
   * Puts a file there, in place of one that is there, whole or not at all: it is on the disk when this resolves.
   *
   * @param data at most 8 MB; a text is written as UTF-8
   */
  write(path: string, data: Uint8Array | string): Promise<void>
  /**
   * Writes behind the end of a file, which is made when it is missing.
   *
   * @param data at most 8 MB; a text is written as UTF-8
   */
  append(
    path: string,
    data: Uint8Array | string,
    options?: {
      /** Resolves when it is on the disk. @default false */
      readonly sync?: boolean | undefined
    },
  ): Promise<void>
  /** Within the folder; a file of the new name is replaced. */
  rename(from: string, to: string): Promise<void>
  /** A file, or an empty folder. @returns whether there was one */
  remove(path: string): Promise<boolean>
  /** Makes a folder, with those above it. One that is there is no error. */
  mkdir(path: string): Promise<void>
}
