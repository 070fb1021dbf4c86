import { definitionRoutes } from './routes/definitions.ts'
import { functionRoutes } from './routes/functions.ts'
import { keyedStateRoutes } from './routes/keyed-states.ts'
import { metadataRoutes } from './routes/metadata.ts'
import { pluginRoutes } from './routes/plugins.ts'
import { rowsRoutes } from './routes/rows.ts'
import { ruleControlRoutes } from './routes/rule-control.ts'
import { ruleStateRoutes } from './routes/rule-state.ts'
import { ruleRoutes } from './routes/rules.ts'
import { serverRoutes } from './routes/server.ts'
import type { App, Services } from './services.ts'

export function describeRoutes(app: App, services: Services): void {
  serverRoutes(app, services)
  definitionRoutes(app, services)
  ruleRoutes(app, services)
  ruleControlRoutes(app, services)
  ruleStateRoutes(app, services)
  rowsRoutes(app, services)
  pluginRoutes(app, services)
  metadataRoutes(app, services)
  keyedStateRoutes(app, services)
  functionRoutes(app, services)
}
