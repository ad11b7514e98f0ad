import { sha7, type Commit, type Release } from '../domain/release.js';
import type { Run } from '../domain/run.js';
import type { Tone } from './headline.js';
import { html, type Markup } from './html.js';

// Each has a form of its own: colour says nothing alone.
const SIGNS: Readonly<Record<Tone, string>> = { good: '✓', busy: '◐', waiting: '◷', bad: '✕' };

/** A sign in front of a word that says the same. */
export function sign(tone: Tone): Markup {
  return html`<span class="sign ${tone}" aria-hidden="true">${SIGNS[tone]}</span>`;
}

/** A word with its sign. */
export function marked(tone: Tone, word: string): Markup {
  return html`<span class="marked">${sign(tone)} <span>${word}</span></span>`;
}

const OUTCOMES = { activated: 'activated', rolledBack: 'rolled back', failed: 'failed', blocked: 'blocked' };

/** How a run ended, in words, with its tone. */
export function outcomeOf({ outcome, endedAt }: Pick<Run, 'outcome' | 'endedAt'>): {
  tone: Tone;
  word: string;
} {
  if (outcome === null) return { tone: 'busy', word: endedAt === null ? 'under way' : 'ended' };
  const tone = outcome === 'activated' ? 'good' : outcome === 'blocked' ? 'waiting' : 'bad';
  return { tone, word: OUTCOMES[outcome] };
}

/** A release: its tag, and its commit where that says more. */
export function release({ tag, commit }: Pick<Release, 'tag' | 'commit'>): Markup {
  return html`<span class="tag">${tag}</span>${tag === sha7(commit) ? null : html` ${commitMark(commit)}`}`;
}

/** A commit, shortened; all of it to whoever points at it. */
export function commitMark(commit: Commit): Markup {
  return html`<code title="${commit}">${sha7(commit)}</code>`;
}

/** What went wrong, in as many lines as it took to say it. */
export function causeBox(cause: string): Markup {
  return html`<div class="cause" tabindex="0" role="group" aria-label="What went wrong">${cause}</div>`;
}
