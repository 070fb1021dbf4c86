import { inspectPlugins } from '#src/sandbox/inspect.ts'
import { closeRealm } from './lockdown.ts'
import { sandboxRuntime } from './realm.ts'
import { ruleTask } from './rule-task.ts'
import { startWithPlugins } from './start-flow.ts'

/**
 * Entry of a worker for rules with third-party plugins. Everything that the engine needs was loaded by these imports,
 * before the realm is closed.
 */
closeRealm()

const runtime = sandboxRuntime()

export default ruleTask(startWithPlugins(runtime), (codes, calls) =>
  inspectPlugins(codes, runtime, calls),
)
