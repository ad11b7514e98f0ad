import type { Release } from './release.js';

/** What a healthy answer over HTTP is like. In texts, `{tag}` and `{commit}` stand for those of the release that is proven. */
export interface Expectation {
  /** Null: 2xx or 3xx. */
  readonly status: number | null;
  /** A text that the body holds. */
  readonly body: string | null;
  /** A text that each of these headers holds. */
  readonly header: Readonly<Record<string, string>>;
}

/** What came back. */
export interface HttpAnswer {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** `refused`: no healthy process answers like that. `other`: healthy, but it does not say that it is this release. */
export type Judgement =
  { readonly kind: 'expected' } | { readonly kind: 'refused' | 'other'; readonly what: string };

/** Judges an answer. `what` is told behind the address: `… answers 503`. */
export function judgeAnswer(
  { status, headers, body }: HttpAnswer,
  expected: Expectation,
  release: Pick<Release, 'tag' | 'commit'>,
): Judgement {
  const isFine = expected.status === null ? status >= 200 && status < 400 : status === expected.status;
  if (!isFine) return { kind: 'refused', what: `answers ${status}` };
  const texts = [
    ...Object.entries(expected.header).map(([name, wanted]) => ({
      what: `the header ${name}`,
      found: headers.get(name.toLowerCase()) ?? '',
      wanted,
    })),
    ...(expected.body === null ? [] : [{ what: 'the body', found: body, wanted: expected.body }]),
  ];
  for (const { what, found, wanted } of texts) {
    const filled = wanted.replaceAll('{tag}', release.tag).replaceAll('{commit}', release.commit);
    if (!holds(found, filled))
      return { kind: 'other', what: `does not say "${filled}" in ${what}, but ${excerpt(found)}` };
  }
  return { kind: 'expected' };
}

const EXCERPT_CHARS = 80;

/** Whether a text holds another as a whole: `v1.1.0-rc.1` does not say `v1.1.0`, and `v1.1.01` neither. */
function holds(text: string, wanted: string): boolean {
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) {
    const runsOn = /\w$/.test(wanted) && /^([\w+-]|\.\w)/.test(text.slice(at + wanted.length));
    if (!runsOn && !(/^\w/.test(wanted) && /\w$/.test(text.slice(0, at)))) return true;
  }
  return false;
}

function excerpt(text: string): string {
  if (text === '') return 'nothing';
  return text.length > EXCERPT_CHARS ? `"${text.slice(0, EXCERPT_CHARS)}…"` : `"${text}"`;
}
