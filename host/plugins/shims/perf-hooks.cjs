const { performance } = globalThis

class PerformanceObserver {
  observe() {}
  disconnect() {}
  takeRecords() {
    return []
  }
  static supportedEntryTypes = []
}

module.exports = {
  performance: {
    now: () => performance.now(),
    timeOrigin: performance.timeOrigin,
    mark() {},
    measure() {},
    clearMarks() {},
    clearMeasures() {},
    timerify: (call) => call,
    getEntries: () => [],
    getEntriesByName: () => [],
    getEntriesByType: () => [],
    eventLoopUtilization: () => ({ idle: 0, active: 0, utilization: 0 }),
    toJSON: () => ({}),
  },
  PerformanceObserver,
  constants: {},
}
