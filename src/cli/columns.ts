import { plainLine } from '../domain/plain.js';

// Columns of a terminal: East Asian wide and fullwidth characters and emoji take two (UAX #11), what only modifies its neighbour none.
const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\ufe0f\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
const NARROW_ONLY = /^[\u0020-\u007e]*$/;
// In brackets, so that `split` keeps it.
const COLOUR = /(\p{Cc}\[[0-9;]*m)/u;
const PIECES = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** How many columns a text takes; what colours it takes none. */
export function columnsOf(text: string): number {
  const plain = plainLine(text);
  if (NARROW_ONLY.test(plain)) return plain.length;
  return pieces(plain).reduce((sum, piece) => sum + columnsOfPiece(piece), 0);
}

/** The beginning of a text that fits into so many columns, ending in … if something was cut; its colours end as they did. */
export function cut(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let [left, isCut] = [columns - 1, false];
  const kept = text.split(COLOUR).map((part) => {
    if (COLOUR.test(part)) return part;
    return pieces(part)
      .map((piece) => {
        left -= columnsOfPiece(piece);
        if (left >= 0 || isCut) return left >= 0 && !isCut ? piece : '';
        isCut = true;
        return '…';
      })
      .join('');
  });
  return kept.join('');
}

/** A text in lines of so many columns at most, broken between words; a word that is longer stays whole. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last === undefined || columnsOf(longer) > columns) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function pieces(text: string): string[] {
  return [...PIECES.segment(text)].map(({ segment }) => segment);
}

function columnsOfPiece(piece: string): number {
  return WIDE.test(piece) ? 2 : /^[\p{Mn}\p{Me}\p{Cf}]+$/u.test(piece) ? 0 : 1;
}
