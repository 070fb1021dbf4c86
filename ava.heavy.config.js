/** Hostile plugins, and hosts that are killed again and again: one file after the other. */
export default {
  extensions: ['ts'],
  files: ['test/hostile/**/*.test.ts', 'test/chaos/**/*.test.ts'],
  concurrency: 1,
  timeout: '15m',
  workerThreads: false,
}
