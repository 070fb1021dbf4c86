import { type Static, type TSchema, Type } from 'typebox'

/** Everything in etc/plutino.yaml: types, defaults and descriptions, once. */
export const optionsSchema = Type.Object({
  basic: Type.Object({
    logLevel: choice(
      ['debug', 'info', 'warn', 'error'],
      'info',
      'From which level lines are logged.',
    ),
    debug: flag(false, 'Logs debug lines, whatever logLevel says.'),
    consoleLog: flag(true, 'Logs to the console.'),
    fileLog: flag(true, 'Logs to stream.log in the log folder.'),
    rotateSize: whole(10_485_760, 1024, 'Bytes after which stream.log is rotated.'),
    rotateCount: whole(3, 0, 'How many rotated files are kept beside stream.log.'),
    restIp: text('127.0.0.1', 'Address of the REST API. 0.0.0.0 opens it to other machines.'),
    restPort: Type.Integer({
      default: 9081,
      minimum: 0,
      maximum: 65_535,
      description: 'Port of the REST API. 0 takes any free one.',
    }),
    timezone: text('Local', 'Time zone of time functions and windows: Local, UTC, Europe/Berlin.'),
    aesKey: Type.String({
      default: '',
      description: 'Key of sinks with encryption aes: 16, 24 or 32 bytes in base64.',
    }),
    gracefulShutdownTimeout: duration(
      '10s',
      'How long rules may take to end when the server stops.',
    ),
    onStuckWorker: choice(
      ['restart', 'report'],
      'restart',
      'When a thread cannot be ended: restart the server, under --supervised, or only report it.',
    ),
  }),
  rest: Type.Object({
    bodyLimit: whole(1_048_576, 1024, 'Bytes of a request body, at most.'),
    stopEndpoint: flag(false, 'Lets POST /stop end the server.'),
    allowedOrigins: list('Web origins, such as https://ops.example.com, that may call the API.'),
  }),
  folders: Type.Object({
    data: text('data', 'Definitions, checkpoints, spools and installed plugins.'),
    log: text('log', 'Log files.'),
    plugins: text('plugins', 'Drop-in folder with sources/, sinks/ and functions/.'),
  }),
  rule: Type.Object({
    qos: Type.Integer({
      default: 0,
      minimum: 0,
      maximum: 2,
      description: '0 at most once, 1 at least once, 2 exactly once up to the sinks.',
    }),
    checkpointInterval: duration('300s', 'Time between two checkpoints of a rule with qos 1 or 2.'),
    isEventTime: flag(false, 'Windows follow the TIMESTAMP column instead of the arrival time.'),
    lateTolerance: duration('1s', 'How late a row may be in event time.'),
    sendMetaToSink: flag(false, 'Adds the metadata to the result, as __meta.'),
    sendNilField: flag(false, 'Keeps columns that are null in the result.'),
    sendError: flag(false, 'Sends the error of a failing row to the sinks.'),
    debug: flag(false, "Logs the debug lines of the rule's plugins."),
    memoryLimit: whole(
      0,
      0,
      "Bytes of a rule's worker. 0: 192 MB with third-party code, 1 GB without.",
    ),
    cpuLimit: Type.Number({
      default: 0,
      minimum: 0,
      description:
        'Share of one core over ten seconds, such as 0.5, above which a rule is fed more slowly. 0: none.',
    }),
    restartStrategy: Type.Object({
      attempts: whole(0, 0, 'Restarts after an error that a plugin reports. 0: the rule stops.'),
      delay: duration('1s', 'Wait before the first restart.'),
      multiplier: Type.Number({
        default: 2,
        minimum: 1,
        description: 'Factor from one wait to the next.',
      }),
      maxDelay: duration('30s', 'The longest wait.'),
      jitterFactor: Type.Number({
        default: 0.1,
        minimum: 0,
        maximum: 1,
        description: 'Part of the wait that is random.',
      }),
    }),
  }),
  sink: Type.Object({
    enableCache: flag(false, 'Stores on disk what a sink cannot take, and forwards it later.'),
    memoryCacheThreshold: whole(
      1024,
      0,
      'Payloads that wait in memory for a slow sink before they are written to disk.',
    ),
    maxDiskCache: whole(1_024_000, 1, 'Payloads of an action on disk, at most.'),
    maxDiskCacheBytes: whole(1_073_741_824, 65_536, 'Their bytes, at most.'),
    bufferPageSize: whole(256, 1, 'Payloads that are read from disk and sent at once.'),
    resendInterval: duration('0s', 'Wait between two pages that are sent from disk.'),
    cleanCacheAtStop: flag(false, 'Removes the cache when the rule stops.'),
    cacheFullPolicy: choice(
      ['pushBack', 'dropOldest'],
      'pushBack',
      'What happens when the cache is full: the rule waits, or the oldest page goes, counted.',
    ),
    resendAlterQueue: flag(false, 'What comes now does not wait behind what is cached.'),
    resendPriority: Type.Integer({
      default: 0,
      minimum: -1,
      maximum: 1,
      description: 'With resendAlterQueue: -1 what comes now first, 1 the cache first, 0 in turn.',
    }),
  }),
  source: Type.Object({
    bufferLength: whole(102_400, 1, 'Tuples of a source that are not yet read, at most.'),
    bufferBytes: whole(67_108_864, 65_536, 'Bytes of a source that are not yet read, at most.'),
    dropPolicy: choice(
      ['oldest', 'newest'],
      'oldest',
      'What a source that cannot wait drops when its buffer is full.',
    ),
    spoolLimit: whole(
      1_073_741_824,
      65_536,
      'Bytes on disk of a stream that rules with qos 1 or 2 read and that cannot go back, at most.',
    ),
  }),
  plugins: Type.Object({
    trusted: choice(
      ['refuse', 'allow'],
      'refuse',
      'Whether plugins may be installed as trusted: nothing confines those, they can do whatever the server can.',
    ),
    signers: list(
      'Public keys, ed25519:…, of those whose signed plugins are installed; none: everybody’s. The key is in the .pub file that "plutino plugin keygen" makes.',
    ),
    shareTrusted: flag(
      false,
      'Lets sandboxed plugins run in the worker of a trusted one, if a rule names both. Their sandbox is gone then.',
    ),
    download: Type.Object({
      privateNetworks: flag(true, 'Zips may come from loopback and private addresses.'),
      timeout: duration('5m', 'How long a download may take, redirects and retries included.'),
      idleTimeout: duration('30s', 'How long it may stand still.'),
      maxBytes: whole(20_971_520, 1024, 'Bytes of a zip, at most.'),
      maxRedirects: whole(3, 0, 'Redirects that are followed.'),
      retries: whole(2, 0, 'Attempts after an error of the server or the network.'),
    }),
  }),
})

export type Options = Static<typeof optionsSchema>

function text(value: string, description: string) {
  return Type.String({ default: value, minLength: 1, description })
}

function flag(value: boolean, description: string) {
  return Type.Boolean({ default: value, description })
}

function whole(value: number, minimum: number, description: string) {
  return Type.Integer({ default: value, minimum, description })
}

function list(description: string) {
  return Type.Array(Type.String(), { default: [], description })
}

function choice<const T extends string>(
  values: readonly T[],
  value: NoInfer<T>,
  description: string,
) {
  return Type.Unsafe<T>({ type: 'string', enum: [...values], default: value, description })
}

/** Written `"10s"` or as ms; ms once it is loaded. */
function duration(value: string, description: string) {
  return Type.Unsafe<number>({
    type: ['string', 'integer'],
    format: 'duration',
    default: value,
    description,
  })
}

/** The parts of a schema that this folder reads. */
export interface OptionSchema {
  readonly type?: unknown
  readonly properties?: Readonly<Record<string, OptionSchema>> | undefined
  readonly enum?: readonly unknown[] | undefined
  readonly format?: string | undefined
  readonly minimum?: number | undefined
  readonly maximum?: number | undefined
  readonly minLength?: number | undefined
  readonly default?: unknown
  readonly description?: string | undefined
}

export function asOptionSchema(schema: TSchema): OptionSchema {
  return schema as OptionSchema
}
