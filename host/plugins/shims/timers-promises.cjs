const { setTimeout, setInterval, setImmediate } = globalThis
const { clearTimeout, clearInterval, clearImmediate } = globalThis

function abortError(signal) {
  const error = new Error('The operation was aborted', { cause: signal.reason })
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' })
}

function waiting(start, stop, value, signal) {
  if (signal?.aborted) return Promise.reject(abortError(signal))
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      stop(timer)
      reject(abortError(signal))
    }
    const timer = start(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve(value)
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

const wait = (ms, value, { signal } = {}) =>
  waiting((run) => setTimeout(run, ms), clearTimeout, value, signal)

async function* ticks(ms, value, { signal } = {}) {
  let due = 0
  let wake = () => {}
  const timer = setInterval(() => {
    due++
    wake()
  }, ms)
  const onAbort = () => wake()
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    for (;;) {
      if (signal?.aborted) throw abortError(signal)
      if (due === 0)
        await new Promise((resolve) => {
          wake = resolve
        })
      while (due > 0) {
        due--
        yield value
      }
    }
  } finally {
    clearInterval(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

module.exports = {
  setTimeout: wait,
  setImmediate: (value, { signal } = {}) => waiting(setImmediate, clearImmediate, value, signal),
  setInterval: ticks,
  scheduler: { wait: (ms, options) => wait(ms, undefined, options), yield: () => wait(0) },
}
