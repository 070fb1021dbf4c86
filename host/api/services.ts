import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyTypeProvider,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { Static, TSchema } from 'typebox'
import type { Catalog } from '#host/catalog/catalog.ts'
import type { Cell } from '#host/cell/cell.ts'
import type { ConnectorConfig } from '#host/config/connector-config.ts'
import type { Options } from '#host/config/options.ts'
import type { Log } from '#host/log/log.ts'
import type { InstallJobs } from '#host/plugins/jobs.ts'
import type { PluginService } from '#host/plugins/service.ts'
import type { RowHub } from '#host/rules/rows.ts'
import type { RuleService } from '#host/rules/rules.ts'
import type { RuleStates } from '#host/rules/states.ts'
import type { StreamService } from '#host/rules/streams.ts'
import type { Area } from './errors.ts'

/** What the routes serve. */
export interface Services {
  /** Whose definitions are seen. */
  readonly tenant: string
  readonly version: string
  readonly options: Options
  readonly catalog: Catalog
  readonly cell: Cell
  readonly config: ConnectorConfig
  readonly log: Log
  readonly plugins: PluginService
  readonly jobs: InstallJobs
  readonly rows: RowHub
  readonly rules: RuleService
  readonly states: RuleStates
  readonly streams: StreamService
  /** @throws HostError for a name that is no time zone */
  readonly setTimeZone: (name: string) => void
  /** Ends the server, in order. */
  readonly stop: () => void
}

/** Types of bodies and parameters follow from their schemas. */
interface TypeboxProvider extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown
  serializer: unknown
}

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression<RawServerDefault>,
  RawReplyDefaultExpression<RawServerDefault>,
  FastifyBaseLogger,
  TypeboxProvider
>

declare module 'fastify' {
  interface FastifyContextConfig {
    area?: Area
    /** Its body is bytes, not JSON. */
    isBinary?: boolean
    /** It says something else without its body. */
    isBodyOptional?: boolean
  }
}
