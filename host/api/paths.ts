/** All paths that there are, to tell a wrong method from a wrong path. */
export class PathList {
  readonly #entries: { readonly methods: readonly string[]; readonly pattern: RegExp }[] = []

  add(method: string | string[], path: string): void {
    const methods = [method].flat().filter((name) => name !== 'HEAD' && name !== 'OPTIONS')
    this.#entries.push({ methods, pattern: patternOf(path) })
  }

  methodsOf(path: string): string[] {
    const found = this.#entries.filter(({ pattern }) => pattern.test(path))
    return [...new Set(found.flatMap(({ methods }) => methods))].sort()
  }
}

function patternOf(path: string): RegExp {
  const parts = path.split('/').map((part) => {
    if (part.startsWith(':')) return '[^/]+'
    return part === '*' ? '.*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('/')}/?$`)
}
