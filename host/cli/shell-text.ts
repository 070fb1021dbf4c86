/** Words of the REST API, which nobody typed at a shell, and what stands for them there. */
const replacements: readonly (readonly [RegExp, string])[] = [
  [/POST \/plugins\/\S+\/grants, (?=plutino plugin grant)/g, ''],
  [
    /; PUT \/(stream|table|rule)s\/(\S+) replaces it/g,
    '; make room for it with: plutino drop $1 $2',
  ],
  [/; PUT replaces it/g, '; this puts another in its place: plutino plugin upgrade NAME URL'],
  [
    /POST \/plugins\/\{sources\|sinks\|functions\} \{"name", "file"\}/g,
    'plutino plugin install URL --kind source|sink|function --name NAME',
  ],
  [/call one off with DELETE \/plugins\/jobs\/\{id\}/g, 'end one with Ctrl-C where it was started'],
  [
    /^the body is no state of a rule; send what GET \/rules\/\{id\}\/state gave/,
    'the file is no state of a rule; give one that "plutino rule state export" wrote',
  ],
  [
    /(?<=stop or change (?:it|them) first, or )add \?force=true/g,
    'stop by force: plutino plugin remove PACKAGE --force',
  ],
  [/(?<=\bor add )\?force=true/g, '--force'],
  [/^the body is no JSON: /, 'that is no JSON: '],
  [/\bthe body\b/g, 'the JSON'],
]

/** What the server says, as it is said to a person at a shell. */
export function shellText(message: string): string {
  return replacements.reduce((text, [words, instead]) => text.replace(words, instead), message)
}
