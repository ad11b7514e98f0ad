import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { lookNow, takeTurn } from '../../src/agent/look.js';
import { decideFreshly } from '../../src/agent/request.js';
import type { Root } from '../../src/agent/root.js';
import { readStatus } from '../../src/agent/status.js';
import { systemClock } from '../../src/os/clock.js';
import { readObserved } from '../../src/state/observed-store.js';
import { LoopbackServer, type Answer } from '../bed/loopback.js';
import { ownRoot } from './place.js';
import { packetOf } from '../../src/source/pkt-line.js';
import { commit } from '../domain/releases.js';

const LIMIT = { timeout: 60_000 };
const MINUTE = 60_000;
const START = Date.parse('2026-03-01T12:00:00Z');
const RESULT = { 'content-type': 'application/x-git-upload-pack-result' };
const GOOD = {
  ...{ status: 200, headers: RESULT },
  body: Buffer.from(`${packetOf(`${commit(1)} refs/tags/v1.0.0`)}0000`),
};

/** A server that is to be set, and the turns of a machine that polls every five minutes. */
async function openLine(t: TestContext) {
  const server = await LoopbackServer.open();
  t.after(() => server.close());
  const line: { answer: Answer; asked: number; now: number } = { answer: GOOD, asked: 0, now: START };
  server.answer = () => {
    line.asked += 1;
    return line.answer;
  };
  const own = await ownRoot(t, { repository: `${server.url}/app.git` });
  const env = { PATH: process.env['PATH'] ?? '', HOME: own.layout.root, GIT_CONFIG_NOSYSTEM: '1' };
  const clock = { ...systemClock(), now: () => line.now };
  const root: Root = { ...own, host: { ...own.host, env, clock } };
  const signal = new AbortController().signal;
  /** A turn after so many minutes; how often the server was asked by it, and what is known then. */
  const turn = async (minutes: number) => {
    const before = line.asked;
    line.now = START + minutes * MINUTE;
    assert.ok((await takeTurn(root, line.now, signal)) !== null, 'the turn is taken, asked or not');
    const observed = await readObserved(root.layout);
    return { asked: line.asked - before, observed, outage: observed?.outage };
  };
  const person = async () => lookNow(root, signal);
  const status = async () => readStatus(root, signal);
  const apply = async () => decideFreshly(root, { to: 'v9.9.9', hurried: false }, signal);
  return { line, turn, person, status, apply };
}

function refusal(status: number, headers: Record<string, string> = {}): Answer {
  return { status, headers, body: Buffer.from('not now') };
}

test(
  'a server that asks for a rest is left alone by the schedule, restarts included; a person looks at once',
  LIMIT,
  async (t) => {
    const { line, turn, person, status, apply } = await openLine(t);
    assert.equal((await turn(0)).observed?.refs.length, 1);
    line.answer = refusal(429, { 'retry-after': '1800' });
    const { outage, observed } = await turn(5);
    assert.deepEqual(outage, {
      since: START + 5 * MINUTE,
      failures: 1,
      until: START + 38 * MINUTE,
      by: 'server',
    });
    assert.equal(observed?.refs.length, 1, 'what was known stays known');

    line.answer = GOOD;
    const rested = await turn(35);
    assert.deepEqual([rested.asked, rested.outage, rested.observed?.turn], [0, outage, START + 35 * MINUTE]);
    assert.match(rested.observed?.error ?? '', /429/, 'a turn that was left out is no good look');
    const { why, nextPoll, lastPoll } = await status();
    assert.deepEqual([why?.reason, why?.until, lastPoll?.outage], ['offline', outage.until, outage]);
    const lateMs = nextPoll - outage.until;
    assert.ok(
      lateMs > 0 && lateMs <= 5 * MINUTE,
      `the next turn that looks comes ${lateMs} ms after the rest`,
    );
    line.answer = refusal(503);
    await assert.rejects(apply(), {
      code: 'SOURCE_UNREACHABLE',
      hint: /left alone until 2026-03-01T12:38:00/,
    });
    assert.deepEqual([(await person()).outage, line.asked], [outage, 4], 'it fails, and changes nothing');
    line.answer = GOOD;
    assert.equal((await person()).outage, null);
    assert.deepEqual([(await turn(36)).asked, line.asked], [1, 6], 'a good look ends the rest');
  },
);

test(
  'every way in which a server asks for a rest is heard, and none lasts longer than six hours',
  LIMIT,
  async (t) => {
    const { line, turn } = await openLine(t);
    const date = new Date(START).toUTCString();
    const asks: [Answer, number][] = [
      [refusal(429, { 'retry-after': '600' }), 11],
      [refusal(503, { 'retry-after': '600' }), 11],
      [refusal(403, { 'retry-after': '600' }), 11],
      [refusal(503, { 'retry-after': new Date(START + 10 * MINUTE).toUTCString(), date }), 11],
      [refusal(429, { 'retry-after': '999999999' }), 6 * 60],
      [refusal(503, { 'retry-after': 'soon' }), 0],
      [refusal(502), 0],
    ];
    let minutes = 0;
    for (const [answer, rest] of asks) {
      line.answer = answer;
      const { outage, observed } = await turn((minutes += 7 * 60));
      assert.deepEqual((Number(outage?.until) - line.now) / MINUTE, rest, JSON.stringify(answer.headers));
      assert.equal(observed?.code, 'SOURCE_UNREACHABLE');
      line.answer = GOOD;
      assert.equal((await turn((minutes += 7 * 60))).outage, null);
    }
  },
);

test(
  'a machine whose looks fail tries the next turn, then ever fewer, and none when the clock is set back',
  LIMIT,
  async (t) => {
    const { line, turn } = await openLine(t);
    await turn(0);
    line.answer = refusal(500);
    const asked: number[] = [];
    for (let minutes = 5; minutes <= 4 * 60; minutes += 5)
      if ((await turn(minutes)).asked > 0) asked.push(minutes);
    assert.deepEqual(asked, [5, 10, 15, 30, 65, 125, 185]);
    const back = await turn(-24 * 60);
    assert.deepEqual(
      [back.asked, back.outage?.failures],
      [1, 1],
      'a rest of before the clock was set back is none',
    );
  },
);
