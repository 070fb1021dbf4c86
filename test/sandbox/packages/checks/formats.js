/* Each check is a plugin's own code: it runs in the sandbox, and `gives` is what plain Node gives. */
export default [
  {
    name: '@msgpack/msgpack',
    kind: 'binary format',
    does: 'encodes and decodes a map with bytes',
    async run() {
      const { encode, decode } = await import('@msgpack/msgpack')
      const bytes = encode({ id: 7, name: 'größe', raw: new Uint8Array([1, 2]) })
      const { id, name, raw } = decode(bytes)
      return [id, name, raw.length]
    },
    gives: [7, 'größe', 2],
  },
  {
    name: 'avsc',
    kind: 'binary format',
    does: 'encodes and decodes a record by its schema, with generated code',
    async run() {
      const { default: avro } = await import('avsc')
      const type = avro.Type.forSchema({
        type: 'record',
        name: 'reading',
        fields: [
          { name: 'id', type: 'int' },
          { name: 'value', type: 'double' },
          { name: 'unit', type: ['null', 'string'] },
        ],
      })
      const bytes = type.toBuffer({ id: 7, value: 1.5, unit: 'µm' })
      return [bytes.toString('hex'), type.fromBuffer(bytes).unit]
    },
    gives: ['0e000000000000f83f0206c2b56d', 'µm'],
  },
  {
    name: 'bson',
    kind: 'binary format',
    does: 'serializes a document with a date, a long and an id',
    async run() {
      const { BSON, Long, ObjectId } = await import('bson')
      const _id = new ObjectId('65f000000000000000000001')
      const bytes = BSON.serialize({ _id, n: Long.fromString('9007199254740993'), at: new Date(7) })
      const back = BSON.deserialize(bytes, { promoteLongs: false })
      return [bytes.length, `${back._id}`, `${back.n}`, back.at.getTime()]
    },
    gives: [45, '65f000000000000000000001', '9007199254740993', 7],
  },
  {
    name: 'mqtt-packet',
    kind: 'binary format',
    does: 'generates a packet and parses it from pieces',
    async run() {
      const { default: mqtt } = await import('mqtt-packet')
      const bytes = mqtt.generate({ cmd: 'publish', topic: 'a/b', payload: 'größe', qos: 0 })
      const parser = mqtt.parser()
      const seen = []
      parser.on('packet', ({ topic, payload }) => seen.push(topic, payload.toString()))
      parser.parse(bytes.subarray(0, 4))
      parser.parse(bytes.subarray(4))
      return seen
    },
    gives: ['a/b', 'größe'],
  },
  {
    name: 'protobufjs',
    kind: 'protobuf',
    does: 'compiles a .proto, encodes and decodes, with generated code',
    async run() {
      const { default: protobuf } = await import('protobufjs')
      const text =
        'syntax="proto3"; message Reading { int32 id = 1; string name = 2; int64 at = 3; bytes raw = 4; }'
      const Reading = protobuf.parse(text).root.lookupType('Reading')
      const bytes = Reading.encode({ id: 7, name: 'größe', at: 9, raw: Buffer.from('x') }).finish()
      const { id, name, at, raw } = Reading.decode(bytes)
      return [
        Buffer.isBuffer(bytes),
        Buffer.from(bytes).toString('hex'),
        id,
        name,
        Number(at),
        raw.toString(),
      ]
    },
    gives: [true, '08071207 6772c3b6c39f65 1809 220178'.replaceAll(' ', ''), 7, 'größe', 9, 'x'],
  },
  {
    name: 'fflate',
    kind: 'compression',
    does: 'gzips, gunzips, zips and unzips',
    async run() {
      const { gzipSync, gunzipSync, zipSync, unzipSync, strToU8, strFromU8 } = await import(
        'fflate'
      )
      const text = 'größe '.repeat(100)
      const packed = gzipSync(strToU8(text))
      const files = unzipSync(zipSync({ 'a.txt': strToU8(text) }))
      return [packed.length < 60, strFromU8(gunzipSync(packed)) === text, Object.keys(files)]
    },
    gives: [true, true, ['a.txt']],
  },
  {
    name: 'fzstd',
    kind: 'compression',
    does: 'reads what zlib of Node compressed',
    async run() {
      const { decompress } = await import('fzstd')
      const { zstdCompressSync } = await import('node:zlib')
      const text = 'größe '.repeat(100)
      return Buffer.from(decompress(zstdCompressSync(text))).toString() === text
    },
    gives: true,
  },
  {
    name: 'pako',
    kind: 'compression',
    does: 'deflates and inflates, and reads what zlib of Node compressed',
    async run() {
      const { deflate, inflate, ungzip } = await import('pako')
      const { gzipSync } = await import('node:zlib')
      const text = 'größe '.repeat(100)
      const bytes = new TextEncoder().encode(text)
      const decode = (packed) => new TextDecoder().decode(packed)
      return [decode(inflate(deflate(bytes))) === text, decode(ungzip(gzipSync(text))) === text]
    },
    gives: [true, true],
  },
  {
    name: 'csv-parse',
    kind: 'CSV',
    does: 'parses quoted fields, at once and as a stream',
    async run() {
      const { parse } = await import('csv-parse')
      const { parse: parseSync } = await import('csv-parse/sync')
      const text = 'a,b\n1,"x, ""y"""\n2,größe\n'
      const rows = []
      for await (const row of parse(Buffer.from(text), { columns: true })) rows.push(row.b)
      return [parseSync(text, { columns: true })[0].b, rows]
    },
    gives: ['x, "y"', ['x, "y"', 'größe']],
  },
  {
    name: 'papaparse',
    kind: 'CSV',
    does: 'parses with types and writes',
    async run() {
      const { default: Papa } = await import('papaparse')
      const { data } = Papa.parse('a,b\n1,x\n2.5,"y,z"', { header: true, dynamicTyping: true })
      return [data, Papa.unparse([{ a: 1, b: 'p,q' }])]
    },
    gives: [
      [
        { a: 1, b: 'x' },
        { a: 2.5, b: 'y,z' },
      ],
      'a,b\r\n1,"p,q"',
    ],
  },
  {
    name: 'fast-xml-parser',
    kind: 'text format',
    does: 'parses and builds XML',
    async run() {
      const { XMLParser, XMLBuilder } = await import('fast-xml-parser')
      const read = new XMLParser({ ignoreAttributes: false }).parse(
        '<a id="7"><b>x &amp; y</b></a>',
      )
      return [read, new XMLBuilder().build({ a: { b: 'x & y' } })]
    },
    gives: [{ a: { b: 'x & y', '@_id': '7' } }, '<a><b>x &amp; y</b></a>'],
  },
  {
    name: 'xml2js',
    kind: 'text format',
    does: 'parses XML and builds it',
    async run() {
      const { default: xml } = await import('xml2js')
      const read = await xml.parseStringPromise('<a id="7"><b>x</b><b>y</b></a>')
      const written = new xml.Builder({
        headless: true,
        renderOpts: { pretty: false },
      }).buildObject(read)
      return [read.a.b, read.a.$.id, written]
    },
    gives: [['x', 'y'], '7', '<a id="7"><b>x</b><b>y</b></a>'],
  },
  {
    name: 'js-yaml',
    kind: 'text format',
    does: 'reads and writes YAML',
    async run() {
      const { load, dump } = await import('js-yaml')
      return [load('a: [1, x]\nb: {c: null}'), dump({ a: [1, 'x'] })]
    },
    gives: [{ a: [1, 'x'], b: { c: null } }, 'a:\n  - 1\n  - x\n'],
  },
  {
    name: 'yaml',
    kind: 'text format',
    does: 'reads anchors and keeps comments',
    async run() {
      const { parse, parseDocument } = await import('yaml')
      const document = parseDocument('# top\na: 1\n')
      document.set('b', 2)
      return [parse('x: &x {y: 1}\nz: *x'), String(document)]
    },
    gives: [{ x: { y: 1 }, z: { y: 1 } }, '# top\na: 1\nb: 2\n'],
  },
  {
    name: 'json5',
    kind: 'text format',
    does: 'reads and writes JSON5',
    async run() {
      const { default: JSON5 } = await import('json5')
      return [JSON5.parse("{a: +1, b: 'x', /* c */ d: [1,],}"), JSON5.stringify({ a: "it's" })]
    },
    gives: [{ a: 1, b: 'x', d: [1] }, '{a:"it\'s"}'],
  },
  {
    name: 'iconv-lite',
    kind: 'text format',
    does: 'converts between code pages',
    async run() {
      const { default: iconv } = await import('iconv-lite')
      const bytes = iconv.encode('größe €', 'win1252')
      return [
        bytes.toString('hex'),
        iconv.decode(bytes, 'win1252'),
        iconv.encode('東京', 'shift_jis').length,
      ]
    },
    gives: ['6772f6df652080', 'größe €', 4],
  },
  {
    name: 'qs',
    kind: 'text format',
    does: 'reads and writes nested queries',
    async run() {
      const { default: qs } = await import('qs')
      return [qs.parse('a[b]=1&c[]=2&c[]=3'), qs.stringify({ a: { b: 'x y' } }, { encode: false })]
    },
    gives: [{ a: { b: '1' }, c: ['2', '3'] }, 'a[b]=x y'],
  },
]
