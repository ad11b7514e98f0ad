import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { freezesIn, walkOpenings, windowsIn } from '../domain/some-windows.js';
import { openMinutes, readWalls } from '../domain/wall-oracle.js';

// npm run test:sweep:windows -- [--sets N] [--seed N]: of N sets of windows in each zone every minute of ten years, against what clocks on the wall show.

const { values } = parseArgs({
  options: { sets: { type: 'string', default: '12' }, seed: { type: 'string', default: '1' } },
});
const MINUTE_MS = 60_000;
const MARGIN = 5 * 1_440;
const FIRST_YEAR = 2018;
const YEARS = 10;
const ZONES = [
  ...['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'],
  ...['America/Sao_Paulo', 'Africa/Casablanca'],
];

const startMs = performance.now();
ZONES.forEach(sweep);
console.log(`seed ${values.seed}, ${Math.round((performance.now() - startMs) / 1_000)} s`);

function sweep(zone: string, index: number): void {
  const [from, to] = [Date.UTC(FIRST_YEAR) / MINUTE_MS, Date.UTC(FIRST_YEAR + YEARS) / MINUTE_MS];
  const walls = readWalls(zone, from - MARGIN, to - from + 2 * MARGIN);
  const sets = fc.sample(fc.tuple(fc.array(windowsIn(zone), { maxLength: 2 }), freezesIn(from, to)), {
    numRuns: Number(values.sets),
    seed: Number(values.seed) + index,
  });
  let open = 0;
  for (const [windows, freezes] of sets) {
    const expected = openMinutes(windows, freezes, walls).subarray(MARGIN, MARGIN + to - from);
    const found = walkOpenings(windows, freezes, { from, count: to - from });
    open += found.reduce((sum, minute) => sum + minute, 0);
    const wrong = found.findIndex((minute, at) => minute !== expected[at]);
    if (wrong >= 0) complain(JSON.stringify({ windows, freezes }), from + wrong);
  }
  const minutes = (to - from) * sets.length;
  console.log(`${zone}: ${minutes} minutes of ${sets.length} sets of windows, ${open} of them open`);
}

function complain(what: string, minute: number): void {
  console.log(`differs at ${new Date(minute * MINUTE_MS).toISOString()}: ${what}`);
  process.exitCode = 1;
}
