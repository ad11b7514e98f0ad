import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { createColors } from 'picocolors';
import { timesOfDay } from '../../src/cli/moment.js';
import { renderLogLine, renderRuns } from '../../src/cli/render.js';
import type { Run } from '../../src/domain/run.js';
import { release } from '../domain/releases.js';
import { bareRoot, runCli } from './program.js';

const KOLKATA = 'Asia/Kolkata';
const COLORS = createColors(false);

test('a moment is read and told in the zone of gitops.json, by every verb', async (context) => {
  const repository = '/srv/shop.git';
  const root = await bareRoot(context, repository);
  await writeFile(
    join(root, 'gitops.json'),
    JSON.stringify({ repository, strategy: 'releases', timezone: KOLKATA }),
  );
  const held = await runCli(root, ['hold', '--until', '2037-12-24T18:00']);
  assert.equal(held.stdout, `held until 24 Dec 2037 18:00 ${KOLKATA}; go on with pm2-gitops resume\n`);
  const dated = await runCli(root, ['hold', '--until', '2037-12-24', '--reason', 'a fair']);
  assert.match(dated.stdout, /^held until 25 Dec 2037 00:00 Asia\/Kolkata;/);
  assert.match((await runCli(root, ['status'])).stdout, / next [^\n]*\d\d:\d\d Asia\/Kolkata$/m);

  const wrong = await runCli(root, ['hold', '--until', 'tomorrow']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--until "tomorrow" is no moment[^]*write a span from now such as 2h/);
  assert.match((await runCli(root, ['hold', '--until', '2020-01-01'])).stderr, /has passed already/);
});

test('history and logs tell times in one zone, and history names it', () => {
  const startedAt = Date.parse('2026-11-24T20:00:07.500Z');
  const run: Run = {
    ...{ id: 'r1', cause: 'schedule', from: null, to: release('v1.0.0', 1), problem: null },
    ...{ startedAt, endedAt: startedAt + 4_210, outcome: 'activated', reason: null, phases: [] },
  };
  const [head, row] = renderRuns([run], KOLKATA, { colors: COLORS, columns: null }).split('\n');
  assert.match(head ?? '', /^when \(Asia\/Kolkata\) /);
  assert.match(row ?? '', /^2026-11-25 01:30 .* activated +4 s /);
  const line = { at: '2026-11-24T20:00:07.500Z', kind: 'step', text: 'fetch' } as const;
  assert.equal(renderLogLine(line, timesOfDay(KOLKATA), COLORS), '01:30:07  fetch');
});
