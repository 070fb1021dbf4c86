/** As in a query or a form: a space is `+`, and only letters, digits and `-_.~` are themselves. */
export function urlQuery(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll('%20', '+')
    .replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
}
