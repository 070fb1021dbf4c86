const QUOTE = 34
const BACKSLASH = 92
const COMMA = 44
const OPEN = [123, 91]
const CLOSE = [125, 93]
const BRACE_CLOSE = 125

/**
 * A payload of JSON with `"field":true` in each object that is a row: the value itself, or an element of the array. What
 * the row says of the field itself is replaced. Works on bytes: the host builds no rows.
 */
export function marked(payload: Buffer, field: string): Buffer {
  const name = JSON.stringify(field)
  const key = Buffer.from(name)
  const parts: Buffer[] = []
  const rowDepth = leadingBrackets(payload) + 1
  let depth = 0
  let kept = 0
  /** Of the row at hand: it has fields; where the value of the field begins. */
  let hasFields = false
  let valueAt = -1
  let isMarked = false
  const replace = (end: number) => {
    parts.push(payload.subarray(kept, valueAt), Buffer.from('true'))
    kept = end
    valueAt = -1
    isMarked = true
  }
  for (let at = 0; at < payload.length; at++) {
    const byte = payload[at] as number
    if (byte === QUOTE) {
      const end = stringEnd(payload, at)
      if (depth === rowDepth) {
        hasFields = true
        const colon = firstVisible(payload, end)
        const isKey = payload[colon] === 58 && valueAt < 0
        if (isKey && payload.subarray(at, end).equals(key)) valueAt = colon + 1
      }
      at = end - 1
    } else if (OPEN.includes(byte)) {
      depth++
      if (depth === rowDepth && byte === 123) {
        hasFields = false
        isMarked = false
      }
    } else if (CLOSE.includes(byte)) {
      if (depth === rowDepth && byte === BRACE_CLOSE) {
        if (valueAt >= 0) replace(at)
        if (!isMarked) {
          parts.push(payload.subarray(kept, at), Buffer.from(`${hasFields ? ',' : ''}${name}:true`))
          kept = at
        }
      }
      depth--
    } else if (byte === COMMA && depth === rowDepth && valueAt >= 0) replace(at)
  }
  parts.push(payload.subarray(kept))
  return Buffer.concat(parts)
}

/** A batch is an array of arrays. */
function leadingBrackets(payload: Buffer): number {
  let count = 0
  let at = firstVisible(payload)
  for (; payload[at] === 91; at = firstVisible(payload, at + 1)) count++
  return count
}

function stringEnd(payload: Buffer, at: number): number {
  let end = at + 1
  while (end < payload.length && payload[end] !== QUOTE) end += payload[end] === BACKSLASH ? 2 : 1
  return end + 1
}

function firstVisible(payload: Buffer, from = 0): number {
  let at = from
  while ((payload[at] ?? 0) <= 32 && at < payload.length) at++
  return at
}
