export default [
  {
    name: 'date-fns',
    kind: 'date',
    does: 'adds months and formats',
    async run() {
      const { addMonths, format, parseISO } = await import('date-fns')
      return format(addMonths(parseISO('2024-01-31T12:00:00'), 1), 'yyyy-MM-dd EEEE')
    },
    gives: '2024-02-29 Thursday',
  },
  {
    name: 'dayjs',
    kind: 'date',
    does: 'converts time zones by a plug-in of its own',
    async run() {
      const { default: dayjs } = await import('dayjs')
      const { default: utc } = await import('dayjs/plugin/utc.js')
      const { default: timezone } = await import('dayjs/plugin/timezone.js')
      dayjs.extend(utc)
      dayjs.extend(timezone)
      return dayjs.utc('2024-06-01T10:00:00Z').tz('Asia/Tokyo').format('YYYY-MM-DD HH:mm')
    },
    gives: '2024-06-01 19:00',
  },
  {
    name: 'luxon',
    kind: 'date',
    does: 'converts time zones and computes intervals',
    async run() {
      const { DateTime, Interval } = await import('luxon')
      const at = DateTime.fromISO('2024-03-31T00:30:00', { zone: 'Europe/Berlin' })
      return [at.plus({ hours: 2 }).toISO(), Interval.after(at, { days: 1 }).length('hours')]
    },
    gives: ['2024-03-31T03:30:00.000+02:00', 23],
  },
  {
    name: 'moment',
    kind: 'date',
    does: 'parses a format and tells the time between',
    async run() {
      const { default: moment } = await import('moment')
      const at = moment.utc('31.01.2024', 'DD.MM.YYYY')
      return [
        at.clone().add(1, 'month').format('YYYY-MM-DD'),
        moment.duration(90, 'minutes').humanize(),
      ]
    },
    gives: ['2024-02-29', '2 hours'],
  },
  {
    name: 'bignumber.js',
    kind: 'numbers',
    does: 'computes beyond doubles',
    async run() {
      const { default: BigNumber } = await import('bignumber.js')
      return new BigNumber('0.1').plus('0.2').times('1e30').toFixed()
    },
    gives: '300000000000000000000000000000',
  },
  {
    name: 'decimal.js',
    kind: 'numbers',
    does: 'computes decimals and roots',
    async run() {
      const { default: Decimal } = await import('decimal.js')
      return [new Decimal('0.1').plus('0.2').toString(), new Decimal(2).sqrt().toFixed(15)]
    },
    gives: ['0.3', '1.414213562373095'],
  },
  {
    name: 'ajv',
    kind: 'validation',
    does: 'compiles a schema to code and names what is wrong',
    async run() {
      const { default: Ajv } = await import('ajv')
      const validate = new Ajv().compile({
        type: 'object',
        properties: { t: { type: 'number', minimum: 0 } },
        required: ['t'],
      })
      return [validate({ t: 1 }), validate({ t: -1 }), validate.errors[0].message]
    },
    gives: [true, false, 'must be >= 0'],
  },
  {
    name: 'joi',
    kind: 'validation',
    does: 'validates and converts',
    async run() {
      const { default: Joi } = await import('joi')
      const schema = Joi.object({
        id: Joi.number().integer().required(),
        mail: Joi.string().email(),
      })
      return [schema.validate({ id: '7' }).value, schema.validate({ id: 'x' }).error.message]
    },
    gives: [{ id: 7 }, '"id" must be a number'],
  },
  {
    name: 'valibot',
    kind: 'validation',
    does: 'validates and names what is wrong',
    async run() {
      const v = await import('valibot')
      const schema = v.object({ id: v.pipe(v.number(), v.integer()), tags: v.array(v.string()) })
      return [
        v.is(schema, { id: 1, tags: ['a'] }),
        v.safeParse(schema, { id: 1.5, tags: [] }).success,
      ]
    },
    gives: [true, false],
  },
  {
    name: 'zod',
    kind: 'validation',
    does: 'validates, converts and names what is wrong',
    async run() {
      const { z } = await import('zod')
      const schema = z.object({ id: z.coerce.number().int(), at: z.iso.datetime().optional() })
      return [schema.parse({ id: '7' }), schema.safeParse({ id: 1.5 }).error.issues[0].path]
    },
    gives: [{ id: 7 }, ['id']],
  },
  {
    name: 'handlebars',
    kind: 'template',
    does: 'compiles a template to code and fills it',
    async run() {
      const { default: Handlebars } = await import('handlebars')
      return Handlebars.compile('{{#each rows}}{{name}}={{value}};{{/each}}')({
        rows: [{ name: '<a>', value: 1 }],
      })
    },
    gives: '&lt;a&gt;=1;',
  },
  {
    name: 'mustache',
    kind: 'template',
    does: 'fills a template',
    async run() {
      const { default: Mustache } = await import('mustache')
      return Mustache.render('{{#rows}}{{name}} {{/rows}}', {
        rows: [{ name: '<a>' }, { name: 'b' }],
      })
    },
    gives: '&lt;a&gt; b ',
  },
  {
    name: 'ejs',
    kind: 'template',
    does: 'compiles a template to code and fills it',
    async run() {
      const { default: ejs } = await import('ejs')
      return ejs.render('<%= name %>', { name: 'x' })
    },
    gives: 'x',
    fails: /reading 'Promise'/,
    reason: 'it takes the global object from `this` of sloppy code, which there is none of',
  },
  {
    name: 'eventemitter3',
    kind: 'events',
    does: 'emits to listeners',
    async run() {
      const { EventEmitter } = await import('eventemitter3')
      const emitter = new EventEmitter()
      const seen = []
      emitter.once('x', (value) => seen.push(value))
      emitter.emit('x', 1)
      emitter.emit('x', 2)
      return seen
    },
    gives: [1],
  },
  {
    name: 'readable-stream',
    kind: 'streams',
    does: 'pipes through a transform',
    async run() {
      const { Readable, Transform, pipeline } = (await import('readable-stream')).default
      const seen = []
      const upper = new Transform({
        transform: (piece, _encoding, done) => done(null, String(piece).toUpperCase()),
      })
      upper.on('data', (piece) => seen.push(String(piece)))
      await new Promise((resolve, reject) =>
        pipeline(Readable.from(['a', 'b']), upper, (error) => (error ? reject(error) : resolve())),
      )
      return seen
    },
    gives: ['A', 'B'],
  },
  {
    name: 'rxjs',
    kind: 'streams',
    does: 'composes observables with timers',
    async run() {
      const { firstValueFrom, timer, map, scan, take, toArray } = await import('rxjs')
      return firstValueFrom(
        timer(0, 1).pipe(
          map((n) => n * 2),
          scan((sum, n) => sum + n, 0),
          take(4),
          toArray(),
        ),
      )
    },
    gives: [0, 2, 6, 12],
  },
  {
    name: 'immer',
    kind: 'data',
    does: 'makes the next state of a draft',
    async run() {
      const { produce } = await import('immer')
      const before = { a: [1], b: { c: 1 } }
      const after = produce(before, (draft) => {
        draft.a.push(2)
      })
      return [after, before.a.length, after.b === before.b]
    },
    gives: [{ a: [1, 2], b: { c: 1 } }, 1, true],
  },
  {
    name: 'jsonata',
    kind: 'data',
    does: 'evaluates an expression',
    async run() {
      const { default: jsonata } = await import('jsonata')
      return jsonata('$sum(rows.(price * n))').evaluate({
        rows: [
          { price: 2, n: 3 },
          { price: 5, n: 1 },
        ],
      })
    },
    gives: 11,
  },
  {
    name: 'lodash',
    kind: 'data',
    does: 'groups, sums and merges',
    async run() {
      const { default: _ } = await import('lodash')
      const rows = [
        { k: 'a', v: 1 },
        { k: 'b', v: 2 },
        { k: 'a', v: 3 },
      ]
      return [
        _.mapValues(_.groupBy(rows, 'k'), (group) => _.sumBy(group, 'v')),
        _.merge({ a: { b: 1 } }, { a: { c: 2 } }),
      ]
    },
    gives: [{ a: 4, b: 2 }, { a: { b: 1, c: 2 } }],
  },
  {
    name: 'lodash',
    part: 'template',
    kind: 'template',
    does: 'compiles a template to code',
    async run() {
      const { default: _ } = await import('lodash')
      return _.template('<%= name %>')({ name: 'x' })
    },
    gives: 'x',
    fails: /with/i,
    reason:
      'its generated code uses `with`, which strict code does not have; with `{ variable: "data" }` it works',
  },
  {
    name: 'ramda',
    kind: 'data',
    does: 'composes functions',
    async run() {
      const R = await import('ramda')
      return R.pipe(
        R.filter(R.propEq('a', 'k')),
        R.map(R.prop('v')),
        R.sum,
      )([
        { k: 'a', v: 1 },
        { k: 'b', v: 2 },
        { k: 'a', v: 3 },
      ])
    },
    gives: 4,
  },
  {
    name: 'semver',
    kind: 'data',
    does: 'compares versions',
    async run() {
      const { default: semver } = await import('semver')
      return [
        semver.satisfies('1.2.9', '^1.2'),
        semver.maxSatisfying(['1.0.0', '1.4.2', '2.0.0'], '1'),
      ]
    },
    gives: [true, '1.4.2'],
  },
  {
    name: 'nanoid',
    kind: 'ids',
    does: 'makes ids of random letters',
    async run() {
      const { nanoid, customAlphabet } = await import('nanoid')
      return [
        nanoid().length,
        /^[01]{9}$/.test(customAlphabet('01', 9)()),
        new Set([nanoid(), nanoid()]).size,
      ]
    },
    gives: [21, true, 2],
  },
  {
    name: 'uuid',
    kind: 'ids',
    does: 'makes ids of random bits, of the time and of names',
    async run() {
      const { v4, v5, v7, validate, version } = await import('uuid')
      return [validate(v4()), version(v7()), v5('x', v5.DNS)]
    },
    gives: [true, 7, '05b16a01-46c6-56dd-bd6e-c6dfb4a1427a'],
  },
]
