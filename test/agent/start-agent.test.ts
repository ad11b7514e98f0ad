import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { startAgent } from '../../src/index.js';

test('an agent without a root, or in a folder that is none, throws nothing into its host and tells the problem', async () => {
  for (const agent of [startAgent(), startAgent({}), startAgent({ root: '/nowhere' })]) {
    const [problem]: unknown[] = await once(agent, 'problem', { signal: AbortSignal.timeout(10_000) });
    assert.ok(
      problem instanceof Error && /there is no .*gitops\.json/.test(problem.message),
      String(problem),
    );
    await assert.rejects(agent.check(), { code: 'NOT_A_ROOT' });
    await agent.close();
  }
});
