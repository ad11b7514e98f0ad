import type { Clock } from '../os/clock.js';

/** Makes a question that costs something cheap to repeat: who asks while it is being answered, or within `freshMs` after, gets the same answer. */
export function oneAtATime<T>(
  ask: () => Promise<T>,
  { clock, freshMs }: { clock: Clock; freshMs: number },
): () => Promise<T> {
  let last: { readonly answer: Promise<T>; untilMs: number } | null = null;
  return () => {
    if (last !== null && clock.monotonicMs() < last.untilMs) return last.answer;
    const asked = { answer: ask(), untilMs: Infinity };
    const end = (): void => {
      asked.untilMs = clock.monotonicMs() + freshMs;
    };
    asked.answer.then(end, end);
    last = asked;
    return asked.answer;
  };
}
