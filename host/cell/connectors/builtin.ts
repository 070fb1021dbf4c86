import type { ConnectorType, SinkConnector, SourceConnector } from './connector.ts'
import { FileSink } from './file/sink.ts'
import { FileSource } from './file/source.ts'
import { PushServers } from './httppush/server.ts'
import { HttpPushSource } from './httppush/source.ts'
import { LogSink } from './log.ts'
import { HttpLookup } from './lookup/http.ts'
import type { LookupConnector } from './lookup/lookup.ts'
import { LookupThread } from './lookup/lookup-thread.ts'
import { MemoryLookup } from './lookup/memory.ts'
import { SqliteLookup } from './lookup/sqlite.ts'
import { MemorySink } from './memory/sink.ts'
import { MemorySource } from './memory/source.ts'
import { MemoryTables } from './memory/tables.ts'
import { MemoryTopics } from './memory/topics.ts'
import { MqttSink } from './mqtt/sink.ts'
import { MqttSource } from './mqtt/source.ts'
import { NopSink } from './nop.ts'
import { RestSink } from './rest.ts'
import { SimulatorSource } from './simulator.ts'

export interface Connectors {
  readonly sources: ReadonlyMap<string, ConnectorType<SourceConnector>>
  readonly sinks: ReadonlyMap<string, ConnectorType<SinkConnector>>
  readonly lookups: ReadonlyMap<string, ConnectorType<LookupConnector>>
}

/** The names that no plugin may take, and what a cell can connect to without one. */
export const builtinSources: readonly string[] = ['file', 'httppush', 'memory', 'mqtt', 'simulator']
/** TYPE of lookup tables. */
export const builtinLookups: readonly string[] = ['httppull', 'memory', 'sqlite']
export const builtinSinks: readonly string[] = ['file', 'log', 'memory', 'mqtt', 'nop', 'rest']

/**
 * The connectors of one cell; those for memory topics share them.
 *
 * @param base where relative paths in properties begin. @default the working directory
 */
export function createBuiltinConnectors(base = ''): Connectors {
  const topics = new MemoryTopics()
  const pushServers = new PushServers()
  const tables = new MemoryTables(topics)
  const lookupThread = new LookupThread()
  return {
    sources: byName<SourceConnector>({
      file: () => new FileSource(base),
      httppush: () => new HttpPushSource(pushServers),
      memory: () => new MemorySource(topics),
      mqtt: () => new MqttSource(base),
      simulator: () => new SimulatorSource(),
    }),
    sinks: byName<SinkConnector>({
      file: () => new FileSink(base),
      log: () => new LogSink(),
      memory: () => new MemorySink(topics),
      mqtt: () => new MqttSink(base),
      nop: () => new NopSink(),
      rest: () => new RestSink(),
    }),
    lookups: byName<LookupConnector>({
      httppull: () => new HttpLookup(lookupThread),
      memory: () => new MemoryLookup(tables),
      sqlite: () => new SqliteLookup(lookupThread, base),
    }),
  }
}

function byName<T>(
  makers: Readonly<Record<string, () => T>>,
): ReadonlyMap<string, ConnectorType<T>> {
  return new Map(Object.entries(makers).map(([name, create]) => [name, { name, create }]))
}
