import type { State } from '../context.ts'

/** Of a log kept in the state of the source: the ends from `from` to before `to`. */
export interface LogRange {
  readonly id: string
  readonly from: number
  readonly to: number
}

type Store = Pick<State, 'getState' | 'putState' | 'deleteState'>

const HASH_BYTES = 8
const CHUNK_ENDS = 512
/** Of what was never written. */
const NO_HASH = '00'.repeat(HASH_BYTES)
/**
 * A checkpoint is older than the log's end by the objects whose rows still wait in the rule's buffer: at most one for each
 * of its 102400 tuples. So many ends are kept behind those that are needed now.
 */
const AHEAD_ENDS = 110_000

/**
 * Which objects came to their end, in order, as hashes of 64 bits. Kept in the source's state, outside of the offsets, since
 * an offset travels with every row: there only two numbers stand for all this.
 */
export class EndLog {
  readonly id: string
  readonly #store: Store
  readonly #prefix: string
  #to: number
  #chunk: Uint8Array
  #isDirty = false
  #firstChunk: number

  /** @param to goes on there: what is behind it is overwritten */
  constructor(store: Store, prefix: string, id: string, to = 0) {
    this.id = id
    this.#store = store
    this.#prefix = `${prefix}/${id}`
    this.#to = to
    this.#chunk = chunkOf(store, this.#prefix, Math.floor(to / CHUNK_ENDS)) ?? emptyChunk()
    this.#firstChunk = Math.max(0, Math.floor((to - AHEAD_ENDS) / CHUNK_ENDS) - 8)
  }

  get to(): number {
    return this.#to
  }

  append(hash: string): void {
    const at = (this.#to % CHUNK_ENDS) * HASH_BYTES
    for (let i = 0; i < HASH_BYTES; i++) {
      this.#chunk[at + i] = Number.parseInt(hash.slice(i * 2, i * 2 + 2), 16)
    }
    this.#to++
    this.#isDirty = true
    if (this.#to % CHUNK_ENDS !== 0) return
    this.#write(this.#to / CHUNK_ENDS - 1)
    this.#chunk = emptyChunk()
  }

  /** Puts into the state what was appended. Called before the thread may do anything else. */
  flush(): void {
    if (this.#isDirty) this.#write(Math.floor(this.#to / CHUNK_ENDS))
  }

  /** Forgets what no checkpoint can ask for any more. */
  cut(from: number): void {
    const keep = Math.floor((from - AHEAD_ENDS) / CHUNK_ENDS)
    for (; this.#firstChunk < keep; this.#firstChunk++) {
      this.#store.deleteState(`${this.#prefix}/${this.#firstChunk}`)
    }
  }

  #write(chunk: number): void {
    this.#store.putState(`${this.#prefix}/${chunk}`, this.#chunk)
    this.#isDirty = false
  }
}

/** @returns the hashes in the range, and how many of them were not there */
export function readEnds(
  store: Store,
  prefix: string,
  { id, from, to }: LogRange,
): { readonly hashes: ReadonlySet<string>; readonly missing: number } {
  const hashes = new Set<string>()
  let missing = 0
  for (let i = from; i < to; ) {
    const number = Math.floor(i / CHUNK_ENDS)
    const chunk = chunkOf(store, `${prefix}/${id}`, number)
    const end = Math.min(to, (number + 1) * CHUNK_ENDS)
    for (; i < end; i++) {
      const at = (i % CHUNK_ENDS) * HASH_BYTES
      const hash = hex(chunk?.subarray(at, at + HASH_BYTES) ?? [])
      if (hash === '' || hash === NO_HASH) missing++
      else hashes.add(hash)
    }
  }
  return { hashes, missing }
}

/** 64 bits of a key and a version, as 16 hexadecimal digits. */
export function endHash(key: string, version: string | undefined): string {
  const text = version === undefined ? key : `${key}\0${version}`
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 2_654_435_761)
    b = Math.imul(b ^ unit, 1_597_334_677)
  }
  a = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909)
  b = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909)
  return half(a) + half(b)
}

function half(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}

function hex(bytes: Iterable<number>): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

function chunkOf(store: Store, prefix: string, chunk: number): Uint8Array | undefined {
  const found = store.getState(`${prefix}/${chunk}`)
  return found instanceof Uint8Array && found.length === CHUNK_ENDS * HASH_BYTES
    ? found.slice()
    : undefined
}

function emptyChunk(): Uint8Array {
  return new Uint8Array(CHUNK_ENDS * HASH_BYTES)
}
