/** A line of text from outside as it may be shown in a terminal or a log: no colour codes (ECMA-48 CSI), no control characters but tab. */
export function plainLine(text: string): string {
  return text.replace(/(?!\t)\p{Cc}\[[0-?]*[ -/]*[@-~]/gu, '').replace(/(?!\t)\p{Cc}/gu, '');
}
