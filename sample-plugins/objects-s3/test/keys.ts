/** Keys that are easily mistaken on their way: signs that URLs, forms and XML have for themselves, other scripts, slashes. */
export const oddKeys = [
  'a b.txt',
  'a+b.txt',
  'a%20b.txt',
  'a&b=c?d#e.txt',
  "it's (1)*!.txt",
  'ключ.txt',
  'ö/ß/ü.txt',
  'x//y.txt',
  '\u{1f600}.txt',
  '\uffee.txt',
] as const
