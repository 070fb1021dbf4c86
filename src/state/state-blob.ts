import { deserialize, serialize } from 'node:v8'
import { EngineError } from '#src/errors.ts'
import type { Skip } from '#src/flow/frame-note.ts'

/** Grows when what stands in a blob is laid out anew. */
const FORMAT = 2
/** The one before: states of operators without their versions, which were 1. */
const WITHOUT_VERSIONS = 1

/** All that a flow keeps, as plain data. */
export interface FlowState {
  /** By stable id. */
  readonly operators: ReadonlyMap<string, OperatorState>
  /** By the extension's name in the rule. */
  readonly extensions: ReadonlyMap<string, unknown>
  /** By name of source: where it stands. */
  readonly sources: ReadonlyMap<string, SourcePosition>
}

export interface OperatorState {
  /** How the operator lays out its state: another version of it does not read it. */
  readonly version: number
  readonly state: unknown
}

export interface SourcePosition {
  readonly sequence: number
  readonly offset?: unknown
  readonly skip?: Skip | undefined
}

/** One buffer with exactly the state in it, fit to be transferred. Its checksum is the host's affair. */
export function packState(state: FlowState): ArrayBuffer {
  const bytes = serialize({ format: FORMAT, ...state })
  if (bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer) {
    return bytes.buffer
  }
  const exact = new Uint8Array(bytes.byteLength)
  exact.set(bytes)
  return exact.buffer
}

export function unpackState(buffer: ArrayBuffer): FlowState {
  let state: unknown
  try {
    state = deserialize(new Uint8Array(buffer))
  } catch (error) {
    throw new EngineError('bad-state', 'the checkpoint cannot be read; start without it', {
      cause: error,
    })
  }
  const format = (state as { format?: unknown } | null | undefined)?.format
  if (format === WITHOUT_VERSIONS) return withVersions(state as OldState)
  if (format !== FORMAT) {
    throw new EngineError(
      'bad-state',
      `the checkpoint has format ${String(format)}, this version reads ${FORMAT}; start without it`,
    )
  }
  return state as FlowState & { format: number }
}

interface OldState extends Omit<FlowState, 'operators'> {
  readonly operators: ReadonlyMap<string, unknown>
}

function withVersions({ operators, extensions, sources }: OldState): FlowState {
  const states = [...operators].map(([id, state]) => [id, { version: 1, state }] as const)
  return { operators: new Map(states), extensions, sources }
}
