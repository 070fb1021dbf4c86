export type { Logger, PluginContext, Secrets, State, StateClass } from './context.ts'
export {
  EndOfInput,
  NotConnected,
  PluginError,
  type PluginErrorCode,
  pluginErrorCodes,
  Retryable,
} from './errors.ts'
export type { FileEntry, Files, ReadRange } from './files.ts'
export type { Argument, FunctionContext, IncrementalAggregate, RowFunction } from './function.ts'
export type {
  Connection,
  ConnectOptions,
  FetchHeaders,
  FetchOptions,
  FetchResponse,
  Network,
  TlsFacts,
  TlsOptions,
} from './network.ts'
export { pause } from './pause.ts'
export type { RowId, RowSink, Sink, SinkContext } from './sink.ts'
export type {
  Consumer,
  ErrorChannel,
  LookupSource,
  PullSource,
  Rewindable,
  Source,
  SourceContext,
} from './source.ts'
export {
  type Data,
  type Meta,
  newDefaultSourceTuple,
  newLinesTuple,
  type Row,
  type SourceTuple,
} from './tuple.ts'
