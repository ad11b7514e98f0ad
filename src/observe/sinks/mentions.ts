/** A text that calls nobody, though it may tell of `@somebody`: release notes are full of names. Between sign and name comes a joiner, which is not seen. */
export function withoutMentions(text: string): string {
  return text.replace(/@(?=\S)/g, '@\u2060');
}
