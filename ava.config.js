/** What takes minutes, and all cores while it does, is in `ava.heavy.config.js`: it would make the others late. */
export default {
  extensions: ['ts'],
  files: [
    'test/**/*.test.ts',
    'sample-plugins/*/test/**/*.test.ts',
    '!test/hostile/**',
    '!test/chaos/**',
  ],
  timeout: '5m',
  workerThreads: false,
}
