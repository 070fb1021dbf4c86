import test from 'ava'
import { parseStatement } from '#src/sql/parse.ts'
import { parseByReference } from './reference-parser.ts'

/** Every construct of the dialect. The reference parser says what the tree must be. */
const accepted: Readonly<Record<string, readonly string[]>> = {
  fields: [
    'SELECT * from demo',
    'select line, speed, load from press where speed > 10;',
    'SELECT speed * 2 AS double, double + 1 AS more FROM press',
    'SELECT press.* FROM press',
    'SELECT *, speed + 1 AS faster, press.* FROM press',
    'SELECT * EXCEPT(raw, crc) FROM press',
    'SELECT * REPLACE(speed * 2 AS speed, upper(line) AS line) FROM press',
    'SELECT * EXCEPT(raw) REPLACE(a + b AS a) FROM press',
    'SELECT * REPLACE(a AS b) EXCEPT(raw), `my press`.* EXCEPT(c) FROM press',
    'SELECT a INVISIBLE, b, a + b AS c INVISIBLE FROM press',
    'SELECT DISTINCT line FROM press',
    'SELECT DISTINCT (line), -speed FROM press',
    'SELECT DISTINCT * FROM press',
    'SELECT distinct, distinct + 1 AS d, f(distinct) FROM press',
    'SELECT distinct IS NULL, distinct AS e FROM press',
    'SELECT count(DISTINCT line) FROM press GROUP BY COUNTWINDOW(5)',
  ],
  calls: [
    'SELECT now(), rule_id(), newuuid() FROM press',
    'SELECT meta(topic) AS t, meta(press.qos), meta(*), meta(Shelf->CPU), mqtt(messageid) FROM press',
    'SELECT lpad(lower(substring(name, 0, 3)), power(2, abs(x) + 1)) FROM press',
    'SELECT left(a, 2), right(b, 3), replace(c, "x", "y"), if(a > 1 AND b, "x", "y") FROM press',
    'SELECT cast(a, "bigint"), CAST(a AS bigint), cast(a->b + 1 AS STRING) FROM press',
    'SELECT changed_cols("p_", true, a, *, c), count(* EXCEPT(a, b)) FROM press',
    'SELECT collect(*)[0]->a, deduplicate(t, false)[0]->t FROM press GROUP BY COUNTWINDOW(3)',
    'SELECT json_path_query(f, "$.g[? @.age>30].last") FROM press',
    'SELECT interval(a), date(b), year, value, key, level, timestamp, type, index, user FROM press',
    'SELECT f(a = 1, b OR c AND d, NOT e) FROM press',
    'SELECT `my func`(a) FROM press',
  ],
  paths: [
    'SELECT a->b->c, a.b.c.d, press.a->b FROM press',
    'SELECT a->b[0]->c, m[1][2], m[i + 1][j * 2 - 1], a[-1] FROM press',
    'SELECT a[:], a[:2], a[2:], a[1:-1], a[x + 1:y], a[:1]->b FROM press',
    'SELECT press.parts[2:]->first AS c, ops->f.args FROM press',
    'SELECT `fav.movie`, a->`weird key`->`b-c` FROM press',
    'SELECT data->end, data.order, data->select->from FROM press',
    'SELECT a->b + c->d * e->f[0] FROM press WHERE a->b = c->d',
    'SELECT (a)->b, f(x)[1:2].c, "text"[0], CASE WHEN a THEN b END[1] FROM press',
    'SELECT a FROM press WHERE abc[0] IN parts[2:].first',
  ],
  operators: [
    'SELECT a % 2, a & 3, a | 4, a ^ 5, a | b & c ^ d + e * f FROM press',
    'SELECT a + b * c - d / e % f, a - b - c, a / b / c, a - (b - c) FROM press',
    'SELECT -3, - 3.5, a - -2, a-2, -a, -(a + 1), - - a, -f(x)[0] FROM press',
    'SELECT .2, 0.25, 100, 1e3, 2.5E-1, sin(.3) FROM press',
    'SELECT 9007199254740993, 12345678901234567890, -9223372036854775808 FROM press',
    'SELECT a = 1 AND b = 2 AS both, a > 1 = TRUE AS gt FROM press',
    'SELECT a FROM press WHERE a = 1 OR b = 2 AND c = 3 OR d',
    'SELECT a FROM press WHERE (a = 1 OR b = 2) AND (c = 3 OR (d = 4 AND e = 5))',
    'SELECT a FROM press WHERE a != 5 OR a <> 6 OR t > = 20.5 OR u ! = 3 OR v < = 4',
    'SELECT a FROM press WHERE NOT a = b AND NOT NOT c OR NOT (a IN (1))',
    'SELECT a FROM press WHERE a IN ("A", "B", 3) AND b NOT IN (1, 2 OR 3)',
    'SELECT a FROM press WHERE a IN set OR name NOT IN set2->x[1]',
    'SELECT a FROM press WHERE a BETWEEN 1 AND 2 AND b NOT BETWEEN c AND d + 1',
    'SELECT a FROM press WHERE i BETWEEN j + 1 AND j * 10 OR k',
    'SELECT a FROM press WHERE a LIKE "p%" AND b NOT LIKE concat(c, "%")',
    'SELECT a FROM press WHERE a IS NULL AND b->c IS NOT NULL OR is IS NULL',
    'SELECT a IN (1) = TRUE, a = b LIKE "x", a BETWEEN 1 AND 2 = TRUE, a IN (1) + 1 FROM press',
    'SELECT CASE WHEN s < 150 THEN "S" WHEN s < 170 AND t THEN "M" ELSE a OR b END AS size FROM press',
    'SELECT CASE colour WHEN "red" THEN 1 ELSE 2 END, CASE (a) WHEN (b) THEN (c) END FROM press',
    'SELECT CASE CASE a WHEN 1 THEN 2 END WHEN 2 THEN CASE WHEN b THEN c END END FROM press',
  ],
  strings: [
    'SELECT "double", \'single\', "it\'s", \'say "hi"\', \'it\'\'s\', "a""b" FROM press',
    'SELECT "esc \\" q", \'esc \\\' q\', "tab\\tnl\\n\\u4e2d\\x41\\101\\U0001F600" FROM press',
    'SELECT a FROM press WHERE a = TRUE AND b = false AND ts > "2024-01-02T15:04:05.000Z"',
  ],
  names: [
    'SELECT `select`, `and` from press',
    'SELECT `a-b`, `hello world`, `中文Chinese` from `my stream`',
    'SELECT 温度, größe FROM 演示 WHERE 温度 > 3',
    'SELECT name /* c1 */ FROM t -- trailing\n WHERE a > 1 /* c2 * ** */ -- end',
    'SELECT name FROM topic/sensor1/# WHERE a = 1',
    'SELECT t1.name FROM /topic/+/temp AS t1 LEFT JOIN topic1/2x/s-3 AS t2 ON t1.f=t2.k',
    'SELECT a FROM #',
    'SELECT j.name FROM demo AS `join` WHERE `join`.`from` = "d1"',
    'SELECT row, rows, end_time, ss, dd, stream, create, show, with, union, interval, exists, all FROM press',
    'SELECT set, use, desc_x, values, into, insert, primary, char, current_date, user, div, rlike, xor FROM press',
  ],
  clauses: [
    'SELECT a FROM press GROUP BY a',
    'SELECT a FROM press GROUP BY line OR x, a = b, TumblingWindow(Ss, 10)',
    'SELECT count(*) FROM press GROUP BY line, SLIDINGWINDOW(ss, 5, 5)',
    'SELECT count(*) FROM press GROUP BY line, SESSIONWINDOW(mi, 2, 1)',
    'SELECT * FROM press WHERE t > 20 GROUP BY COUNTWINDOW(5,1) HAVING COUNT(*) > 2',
    'SELECT * FROM press GROUP BY line, COUNTWINDOW(3,1) FILTER( where r IN (100, 200)), year',
    'SELECT * FROM press GROUP BY SlidingWindow(ss,1) FILTER(where r > 100) OVER(when r > 200 OR q)',
    'SELECT * from press group by statewindow(a = 1, a = 5 OR b) over (partition by line, cell)',
    'SELECT line, count(*) AS n FROM press GROUP BY line, HOPPINGWINDOW(ss, 10, 5) HAVING avg(t) > 1.5 AND n > 3 ORDER BY n DESC, line ASC LIMIT 10',
    'SELECT a FROM press ORDER BY a = 1 OR b DESC, press.c, -d LIMIT 0',
    'SELECT a FROM press HAVING count(*) > 1',
    'SELECT a FROM press LIMIT 5',
  ],
  analytic: [
    'SELECT lag(x) OVER (PARTITION BY y WHEN z) FROM press',
    'SELECT ts - lag(ts, 1, ts, true) OVER (WHEN had_changed(true, code)) as duration FROM press',
    'SELECT name FROM press WHERE lag(name) OVER (PARTITION BY device, line) > 3',
    'SELECT acc_sum(a) OVER (PARTITION BY b WHEN c > 1 AND d IN (1,2)) FROM press WHERE a > 1',
    'SELECT row_number() OVER (PARTITION BY y ORDER BY a DESC, b ASC, c) FROM press',
    'SELECT latest(a) OVER (), lag(a) OVER (PARTITION BY b)->c FROM press',
  ],
  joins: [
    'SELECT demo.temperature, demo1.temp FROM demo left join demo1 on demo.timestamp = demo1.timestamp where demo.temperature > demo1.temp GROUP BY demo.temperature, HOPPINGWINDOW(ss, 20, 10)',
    'SELECT * FROM a INNER JOIN b ON a.x = b.x OR a.y GROUP BY COUNTWINDOW(5)',
    'SELECT * FROM a RIGHT JOIN b ON a.x = b.x',
    'SELECT * FROM a FULL JOIN b ON a.x = b.x AND a.y > b.y GROUP BY TUMBLINGWINDOW(ss, 1)',
    'SELECT * FROM a CROSS JOIN b CROSS JOIN c AS d WHERE a.x = b.x',
    'SELECT x.a, y.b, z.c FROM a AS x LEFT JOIN b AS y ON x.i = y.i INNER JOIN c AS z ON y.j->k = z.j GROUP BY x.a',
  ],
}

for (const [group, statements] of Object.entries(accepted)) {
  for (const sql of statements) {
    test(`${group}: ${JSON.stringify(sql)} is understood as the reference parser does`, (t) => {
      t.deepEqual(parseStatement(sql), parseByReference(sql))
    })
  }
}

test('a select list of 200 fields and 60 parentheses are understood', (t) => {
  const fields = Array.from({ length: 200 }, (_, index) => `a + ${index} AS x${index}`).join(', ')
  const nested = `SELECT ${'('.repeat(60)}a${')'.repeat(60)} AS x FROM s`
  for (const sql of [`SELECT ${fields} FROM s`, nested]) {
    t.deepEqual(parseStatement(sql), parseByReference(sql))
  }
})
