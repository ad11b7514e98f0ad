import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { behindSince, metricsOf, type MetricsFacts } from '../../src/domain/metrics.js';
import { afterFailedLook, afterLook, afterQuietLook, afterTurnLeftOut } from '../../src/domain/observed.js';
import { renderFamilies, type Format } from '../../src/domain/openmetrics.js';
import { readExposition } from './exposition.js';
import { FRESH, FULL, LOOK, V10, V11 } from './measured.js';
import { tagRefs } from './releases.js';

/** Every sample as it is read back: `name{labels but root}` → value. */
function told(facts: MetricsFacts): Record<string, number> {
  const families = readExposition(renderFamilies(metricsOf(facts), 'openmetrics'), 'openmetrics');
  return Object.fromEntries(
    families.flatMap(({ name, samples }) =>
      samples.map(({ labels: { root, ...labels }, value }) => {
        assert.equal(root, '/srv/shop');
        const rest = Object.entries(labels).map(([label, text]) => `${label}=${text}`);
        return [[name.replace('pm2_gitops', ''), ...rest].join(' '), value];
      }),
    ),
  );
}

test('what status knows is measured', () => {
  const found = told(FULL);
  const expected = {
    _behind: 1,
    _behind_seconds: 60.5,
    '_held_back reason=window': 1,
    '_held_back reason=stuck': 0,
    '_phase phase=proving': 1,
    '_phase phase=idle': 0,
    _active_since_timestamp_seconds: 5,
    _quarantined_releases: 1,
    '_processes status=online': 2,
    '_processes status=waiting restart': 1,
    _outdated_processes: 1,
    _drift: 0,
    _warnings: 1,
    _last_look_timestamp_seconds: 20,
    _last_look_ok: 0,
    _last_good_look_timestamp_seconds: 11,
    _failed_looks_in_a_row: 3,
    '_looks result=good': 1,
    '_looks result=failed': 0,
    '_looks result=left_out': 1,
    _next_turn_timestamp_seconds: 310,
    _worker: 1,
    _worker_start_timestamp_seconds: 30,
    '_last_run_outcome outcome=rolledBack': 1,
    '_last_run_outcome outcome=activated': 0,
    _last_run_end_timestamp_seconds: 5.5,
    _last_run_duration_seconds: 4.5,
    _poller_resident_memory_bytes: 50_000_000,
    _poller_cpu_seconds: 1.25,
    _poller_start_timestamp_seconds: 60,
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(found[name], value, name);
  const [info = ''] = Object.keys(found);
  assert.equal(
    info,
    ` machine=vps-07 machine_id=an-id channel=stable strategy=releases version=1.2.3 active=v1.0.0 commit=${V10.commit} desired=v1.1.0`,
  );
});

test('a fresh machine tells what it knows, and nothing of what it does not', () => {
  const found = told({ ...FULL, status: FRESH, observed: null, behindSince: null, poller: null });
  const ones = Object.entries(found).filter(([, value]) => value === 1);
  assert.deepEqual(
    ones.map(([name]) => name.replace(/ machine=.*/, '')),
    ['', '_phase phase=idle'],
  );
  assert.equal(found['_behind_seconds'], 0);
  assert.deepEqual(
    Object.keys(found).filter((name) => /_last_|_looks |_poller_|_start_|_active_/.test(name)),
    [],
  );
});

test('nothing that quotes the outside is in them: no cause, no error, no warning', () => {
  const text = renderFamilies(metricsOf(FULL), 'openmetrics');
  assert.doesNotMatch(text, /s3cret|https|crashes|02:00|a warning/);
});

test('looks are counted by what became of them', () => {
  const first = afterLook(null, tagRefs('v1.0.0'), LOOK);
  const quiet = afterQuietLook(first, { turn: 20_000, at: 21_000 });
  const failed = afterFailedLook(
    quiet,
    { message: 'no network', code: 'SOURCE_UNREACHABLE' },
    { turn: 30_000, at: 31_000 },
  );
  const again = afterLook(afterTurnLeftOut(failed, 40_000), tagRefs('v1.0.0'), { ...LOOK, at: 51_000 });
  assert.deepEqual([failed.tally.goodAt, again.tally.goodAt, again.looks], [21_000, 51_000, 5]);
  const found = told({ ...FULL, observed: again });
  assert.deepEqual(
    [found['_looks result=good'], found['_looks result=failed'], found['_looks result=left_out']],
    [3, 1, 1],
  );
});

test('a machine is behind since the desired release is known and the active one serves', () => {
  const before = afterLook(null, tagRefs('v1.0.0'), LOOK);
  const observed = afterLook(
    before,
    [...tagRefs('v1.0.0'), { name: 'refs/tags/v1.1.0', commit: V11.commit }],
    {
      ...{ ...LOOK, turn: 20_000, at: 21_000 },
    },
  );
  const facts = { observed, dates: {}, pollEveryMs: 300_000, now: 100_000 };
  const status = { ...FRESH, behind: true, desired: V11, active: { ...V10, since: 5_000 } };
  assert.equal(behindSince(status, facts), 21_000);
  assert.equal(behindSince({ ...status, active: null }, facts), 21_000);
  assert.equal(behindSince({ ...status, active: { ...V10, since: 50_000 } }, facts), 50_000);
  assert.equal(behindSince({ ...status, behind: false }, facts), null);
  assert.equal(behindSince({ ...status, desired: null }, facts), null);
  // It was there before the first look.
  assert.equal(behindSince({ ...status, desired: V10 }, facts), 5_000);
  assert.equal(behindSince({ ...status, desired: V10, active: null }, facts), null);
});

test('one who has been behind for no known time does not say for how long', () => {
  assert.equal(told({ ...FULL, behindSince: null })['_behind_seconds'], undefined);
  assert.equal(told({ ...FULL, behindSince: FULL.now + 1 })['_behind_seconds'], 0);
});

/** Why a test that needs a program is skipped, aloud; false: it is here. */
function lacks(reason: string, program: string, ...args: string[]): string | false {
  return spawnSync(program, args).status === 0 ? false : reason;
}

const NO_PROMTOOL = lacks(
  "promtool is not here; it comes with Debian's package prometheus",
  'promtool',
  '--version',
);
const NO_PARSER = lacks(
  "prometheus_client is not here; it comes with Debian's package python3-prometheus-client",
  ...(['python3', '-c', 'import prometheus_client.openmetrics.parser'] as const),
);

const HOSTILE: MetricsFacts = {
  ...FULL,
  status: { ...FULL.status, machine: { id: 'an-id', name: 'a "quoted" \\ name\nof two lines é' } },
};

function rendered(format: Format): string {
  return renderFamilies(metricsOf(HOSTILE), format);
}

test('promtool has nothing to say against the text', { skip: NO_PROMTOOL }, () => {
  const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], { input: rendered('text') });
  assert.equal(status, 0, `${String(stdout)}${String(stderr)}`);
});

const STRICT = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
print(len(list(read(sys.stdin.buffer.read().decode()))))
`;

test("Prometheus' own strict parser reads the OpenMetrics", { skip: NO_PARSER }, () => {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', STRICT], { input: rendered('openmetrics') });
  assert.equal(status, 0, String(stderr));
  assert.equal(Number(String(stdout)), metricsOf(FULL).length);
});
