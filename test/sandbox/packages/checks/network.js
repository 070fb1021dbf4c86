export default [
  {
    name: 'axios',
    kind: 'HTTP client',
    does: 'builds a request and hands it to the sandbox’s fetch, which refuses what was not granted',
    async run() {
      const { default: axios } = await import('axios')
      const client = axios.create({ baseURL: 'https://api.example.com/v1/', params: { a: 'x y' } })
      const error = await client.get('rows').then(
        () => new Error('it was answered'),
        (reason) => reason,
      )
      return [client.getUri({ url: 'rows' }), String(error.cause?.code ?? error.code)]
    },
    gives: ['https://api.example.com/v1/rows?a=x+y', 'ERR_PLUGIN_DENIED'],
  },
  {
    name: 'ky',
    kind: 'HTTP client',
    does: 'builds a request and hands it to the sandbox’s fetch, which refuses what was not granted',
    async run() {
      const { default: ky } = await import('ky')
      const error = await ky
        .get('https://api.example.com/rows', { searchParams: { a: 'x' }, retry: 0 })
        .json()
        .then(
          () => new Error('it was answered'),
          (reason) => reason,
        )
      return String(error.cause?.code ?? error.code)
    },
    gives: 'ERR_PLUGIN_DENIED',
  },
  {
    name: 'mysql2',
    kind: 'database driver',
    does: 'writes values into SQL and makes a pool',
    async run() {
      const { default: mysql } = await import('mysql2')
      const sql = mysql.format('INSERT INTO t VALUES (?, ?, ?)', [7, "it's", new Date(0)])
      const pool = mysql.createPool({ host: 'db', user: 'u' })
      return [sql.slice(0, 35), typeof pool.promise().query]
    },
    gives: ["INSERT INTO t VALUES (7, 'it\\'s', '", 'function'],
  },
  {
    name: 'ioredis',
    kind: 'database driver',
    does: 'encodes commands and parses replies',
    async run() {
      const { default: Redis, Command } = await import('ioredis')
      const command = new Command('set', ['k', Buffer.from('größe')], {}, () => {})
      const client = new Redis({ lazyConnect: true })
      return [Buffer.from(command.toWritable()).toString(), client.status]
    },
    gives: ['*3\r\n$3\r\nset\r\n$1\r\nk\r\n$7\r\ngröße\r\n', 'wait'],
  },
  {
    name: 'ws',
    kind: 'WebSocket client',
    does: 'opens a connection through the sandbox, which refuses what was not granted',
    async run() {
      const { WebSocket } = await import('ws')
      const socket = new WebSocket('wss://api.example.com/rows', 'mqtt')
      const error = await new Promise((resolve) => socket.once('error', resolve))
      return [socket.url, error.code, socket.readyState]
    },
    gives: ['wss://api.example.com/rows', 'ERR_PLUGIN_DENIED', 3],
  },
  {
    name: 'pg',
    kind: 'database driver',
    does: 'quotes names, reads types and makes a client',
    async run() {
      const { default: pg } = await import('pg')
      const client = new pg.Client({ host: 'db', user: 'u' })
      return [client.escapeIdentifier('a"b'), pg.types.getTypeParser(20)('7'), client.port]
    },
    gives: ['"a""b"', '7', 5432],
  },
  {
    name: 'kafkajs',
    kind: 'database driver',
    does: 'makes a producer and partitions by key',
    async run() {
      const { Kafka, Partitioners, logLevel } = await import('kafkajs')
      const kafka = new Kafka({ brokers: ['db:9092'], logLevel: logLevel.NOTHING })
      const partition = Partitioners.DefaultPartitioner()({
        topic: 't',
        partitionMetadata: [0, 1, 2, 3].map((partitionId) => ({ partitionId, leader: 1 })),
        message: { key: 'sensor-17', value: '' },
      })
      return [typeof kafka.producer().send, partition]
    },
    gives: ['function', 3],
  },
]
