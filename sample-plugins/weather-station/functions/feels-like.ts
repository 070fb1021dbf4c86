import type { Argument, RowFunction } from '@plutino/sdk'

/**
 * `feelsLike(temperature, humidity)`: the temperature in °C that the air seems to have, by Steadman's apparent
 * temperature without wind and sun (1994), to one decimal. Null where one of them is null.
 */
export const FeelsLike: RowFunction = {
  validate(args: readonly Argument[]) {
    if (args.length !== 2)
      throw new Error(`feelsLike takes a temperature and a humidity, not ${args.length} arguments`)
  },

  exec([temperature, humidity]) {
    if (temperature === null || humidity === null) return null
    if (typeof temperature !== 'number' || typeof humidity !== 'number') {
      throw new TypeError(
        `feelsLike needs two numbers, not ${typeof temperature} and ${typeof humidity}`,
      )
    }
    const vapour =
      (humidity / 100) * 6.105 * Math.exp((17.27 * temperature) / (237.7 + temperature))
    return Math.round((temperature + 0.33 * vapour - 4) * 10) / 10
  },
}
