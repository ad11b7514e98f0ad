// What reorders a line, breaks it, or is not seen in it (UAX #9, UTS #39): one name may look like another by it. The joiners that scripts and emoji need stay.
const DECEIVING =
  /[\p{Bidi_Control}\p{Zl}\p{Zp}\u00ad\u200b\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/**
 * A line of text from outside as it may be shown in a terminal or a log: no colour codes (ECMA-48 CSI), no control characters but tab; what could
 * deceive the eye is written out: `\u{202e}`.
 */
export function plainLine(text: string): string {
  return text
    .replace(/(?!\t)\p{Cc}\[[0-?]*[ -/]*[@-~]/gu, '')
    .replace(/(?!\t)\p{Cc}/gu, '')
    .replace(DECEIVING, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same for a text of several lines. */
export function plainText(text: string): string {
  return text.split('\n').map(plainLine).join('\n');
}

/** JSON that means the same, and does to a terminal nothing that a person could not see: JSON itself leaves all but the control characters of ASCII as they are. */
export function plainJson(json: string): string {
  return json.replace(/[\u007f-\u009f]/g, escaped).replace(DECEIVING, escaped);
}

function escaped(character: string): string {
  return character.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
