import { inspectPlugins } from '#src/sandbox/inspect.ts'
import { ruleTask } from './rule-task.ts'
import { startWithPlugins } from './start-flow.ts'
import { trustedRuntime } from './trusted-runtime.ts'

const runtime = trustedRuntime()

/** Entry of a worker for plugins that were installed as trusted: nothing confines them. */
export default ruleTask(startWithPlugins(runtime), (codes, calls) =>
  inspectPlugins(codes, runtime, calls),
)
