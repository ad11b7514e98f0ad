import assert from 'node:assert/strict';
import test from 'node:test';
import { answerTriggers } from '../../src/module/actions.js';
import { pollRoot } from '../../src/module/polled-root.js';
import { systemClock } from '../../src/os/clock.js';
import type { Pm2Line } from '../../src/os/pm2-line.js';
import { LoopbackServer } from '../bed/loopback.js';
import { bareRoot } from '../cli/program.js';

test('a trigger is answered in time, though the source never answers', async (context) => {
  const server = await LoopbackServer.open();
  context.after(() => server.close());
  server.fault = 'hang';
  const polled = pollRoot('shop', await bareRoot(context, `${server.url}/shop.git`));
  context.after(() => polled.agent.close());
  const real = systemClock();
  const clock = { ...real, sleep: (ms: number, signal: AbortSignal) => real.sleep(ms / 100, signal) };
  const signal = new AbortController().signal;
  const answer = await new Promise<object>((resolve) => {
    const line: Pm2Line = {
      show: () => undefined,
      reply: (_, said) => {
        resolve(said);
      },
      listen: (_, onTrigger) => {
        queueMicrotask(() => {
          onTrigger('check', '');
        });
        return () => undefined;
      },
    };
    answerTriggers(line, [polled], { clock, signal, nobody: '' });
  });
  assert.deepEqual(answer, { ok: false, said: { problem: 'still at it: see pm2-gitops status' } });
});
