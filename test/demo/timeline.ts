import { alignRows } from '../../src/cli/terminal.js';
import type { Passage } from './passage.js';
import type { Screen } from './screen.js';

/** Shows how long each release took from its tag on. */
export function showTimeline(passages: readonly Passage[], screen: Screen): void {
  const { colors } = screen;
  screen.chapter('How long it took', 'from the tag on, to the first process, to all, to the end');
  const heads = ['', 'tagged', 'noticed', 'staged', 'first', 'all', 'over', ''];
  const rows = passages.map((passage) => rowOf(passage, screen));
  for (const row of alignRows([heads.map(colors.dim), ...rows], { gap: '   ' }).split('\n'))
    screen.line(`  ${row}`);
}

function rowOf(passage: Passage, { colors }: Screen): string[] {
  const { tag, tagged, noticed, staged, first, all, ended, active } = passage;
  const isProven = active === tag;
  return [
    colors.bold(tag),
    new Date(tagged).toTimeString().slice(0, 8),
    ...[noticed, staged, first, all, ended].map((at) => after(tagged, at)),
    isProven ? colors.green('proven') : colors.yellow(`back on ${active}`),
  ];
}

function after(tagged: number, at: number | null): string {
  return (at === null ? '–' : `+${((at - tagged) / 1000).toFixed(1)} s`).padStart(7);
}
