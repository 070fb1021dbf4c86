/** The stream and the three rules of the demo, as they are posted. */
export const streamSql = `CREATE STREAM sensors (
  device STRING, n BIGINT, temperature FLOAT, humidity FLOAT, at DATETIME,
  tags ARRAY(STRING), place STRUCT(building STRING, floor BIGINT)
) WITH (DATASOURCE="plutino/demo/+", TYPE="mqtt", FORMAT="json", CONF_KEY="demo")`

export interface DemoRule {
  readonly id: string
  readonly sql: string
  readonly actions: readonly Readonly<Record<string, unknown>>[]
  readonly options?: Readonly<Record<string, unknown>>
}

/** Rows come back over the broker, on a topic per rule; those of the third go to the plugin's sink. */
export function demoRules(broker: string): DemoRule[] {
  const mqtt = (topic: string) => ({ mqtt: { server: broker, topic, sendSingle: true } })
  return [
    {
      id: 'warm',
      sql: `SELECT device, n, temperature, feelsLike(temperature, humidity) AS feels, tags[0] AS tag, place->floor AS floor
            FROM sensors WHERE temperature > 27`,
      actions: [mqtt('plutino/out/warm')],
    },
    {
      id: 'averages',
      sql: `SELECT device, count(*) AS readings, avg(temperature) AS mean, min(n) AS first, max(n) AS last
            FROM sensors GROUP BY device, TUMBLINGWINDOW(ss, 2)`,
      actions: [mqtt('plutino/out/averages')],
      options: { qos: 1, checkpointInterval: '1s' },
    },
    {
      id: 'bulletins',
      sql: `SELECT device, max(feelsLike(temperature, humidity)) AS hottest
            FROM sensors WHERE device = 'roof' GROUP BY device, COUNTWINDOW(100)`,
      actions: [{ bulletin: { title: 'bulletin' } }],
    },
  ]
}
