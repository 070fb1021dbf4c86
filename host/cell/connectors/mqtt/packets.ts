/** As much of MQTT on the wire as the tap and the sink need (MQTT 3.1.1 §2.2, §3.3–3.7; MQTT 5 §2.2.2, §3.3.2.3). */

export const CONNACK = 2
export const PUBLISH = 3
export const PUBREL = 6

const PUBACK_HEAD = 0x4002_0000
const PUBREC_HEAD = 0x5002_0000
const PUBCOMP_HEAD = 0x7002_0000

/** Acknowledgements of one burst, written at once. */
export class Acknowledgements {
  readonly #words: number[] = []

  puback(id: number): void {
    this.#words.push(PUBACK_HEAD + id)
  }

  pubrec(id: number): void {
    this.#words.push(PUBREC_HEAD + id)
  }

  pubcomp(id: number): void {
    this.#words.push(PUBCOMP_HEAD + id)
  }

  /** The packets so far, or `undefined`; afterwards there are none. */
  take(): Buffer | undefined {
    if (this.#words.length === 0) return undefined
    const packets = Buffer.allocUnsafe(this.#words.length * 4)
    for (const [i, word] of this.#words.entries()) packets.writeUInt32BE(word, i * 4)
    this.#words.length = 0
    return packets
  }
}

/** The ids of the PUBACKs among acknowledgements that `take` gave. */
export function eachPuback(packets: Buffer, each: (id: number) => void): void {
  for (let at = 0; at < packets.length; at += 4) {
    const word = packets.readUInt32BE(at)
    if (word >>> 16 === PUBACK_HEAD >>> 16) each(word & 0xffff)
  }
}

/** A variable byte integer. `next` is -1 when there is more to come than is there. */
export function readLength(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0
  let factor = 1
  for (let p = at; p < bytes.length && p < at + 4; p++) {
    const byte = bytes[p] as number
    value += (byte & 127) * factor
    if (byte < 128) return { value, next: p + 1 }
    factor *= 128
  }
  return { value: 0, next: bytes.length < at + 4 ? -1 : -2 }
}

/** Packets of PUBLISH, qos 0, on one topic. */
export class PublishWriter {
  readonly #first: number
  readonly #head: Buffer

  constructor(topic: string, options: { readonly retained: boolean; readonly version: number }) {
    const name = Buffer.from(topic)
    this.#first = 0x30 | (options.retained ? 1 : 0)
    const properties = options.version === 5 ? 1 : 0
    this.#head = Buffer.alloc(2 + name.length + properties)
    this.#head.writeUInt16BE(name.length, 0)
    name.copy(this.#head, 2)
  }

  /** Room that a payload of this length takes, at most. */
  bytesFor(length: number): number {
    return 5 + this.#head.length + length
  }

  /** Writes one packet and returns where it ends. */
  write(out: Buffer, at: number, bytes: Uint8Array, start: number, end: number): number {
    const head = this.#head
    let rest = head.length + end - start
    let p = at
    out[p++] = this.#first
    do {
      out[p++] = (rest & 127) | (rest > 127 ? 128 : 0)
      rest >>>= 7
    } while (rest > 0)
    out.set(head, p)
    p += head.length
    out.set(bytes.subarray(start, end), p)
    return p + end - start
  }
}
