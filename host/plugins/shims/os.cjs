/* Nothing of the machine: what packages print or compare when they load. */
const constants = { signals: {}, errno: {}, priority: {}, dlopen: {} }

module.exports = {
  EOL: '\n',
  devNull: '/dev/null',
  constants,
  arch: () => process.arch,
  platform: () => process.platform,
  machine: () => process.arch,
  type: () => 'Linux',
  release: () => '0',
  version: () => '',
  hostname: () => 'plugin',
  homedir: () => '/',
  tmpdir: () => '/tmp',
  endianness: () => 'LE',
  availableParallelism: () => 1,
  cpus: () => [],
  totalmem: () => 0,
  freemem: () => 0,
  uptime: () => process.uptime(),
  loadavg: () => [0, 0, 0],
  networkInterfaces: () => ({}),
  userInfo: () => ({ username: 'plugin', uid: -1, gid: -1, shell: null, homedir: '/' }),
}
