import { setRealImmediate, watchStrayErrors } from './capture.ts'
import { closeRealm } from './lockdown.ts'
import { sandboxRuntime } from './realm.ts'
import { TestFlows } from './test-flows.ts'
import { type TestTaskMessage, testTask } from './test-task.ts'
import { testTime } from './test-time.ts'

/** Entry of a worker in which authors test their plugins: sandboxed as any, but for a clock that is moved by hand. */
closeRealm()

const time = testTime(setRealImmediate)
const flows = new TestFlows((more) => ({ ...sandboxRuntime(time), ...more }), time)
watchStrayErrors((error) => flows.stray(error))

export default (message: TestTaskMessage): Promise<string> => testTask(message, flows)
