import assert from 'node:assert/strict';
import test from 'node:test';
import { startAgent, type Agent } from '../../src/index.js';

/** The first problem that an agent tells. It keeps nobody alive, so the test must. */
async function problemOf(agent: Agent): Promise<unknown> {
  const alive = setInterval(() => undefined, 1_000);
  try {
    return await new Promise((resolve) => agent.once('problem', resolve));
  } finally {
    clearInterval(alive);
  }
}

test('an agent without a root, or in a folder that is none, throws nothing into its host and tells the problem', async () => {
  for (const agent of [startAgent(), startAgent({}), startAgent({ root: '/nowhere' })]) {
    const problem = await problemOf(agent);
    assert.ok(
      problem instanceof Error && /there is no .*gitops\.json/.test(problem.message),
      String(problem),
    );
    await assert.rejects(agent.check(), { code: 'NOT_A_ROOT' });
    await agent.close();
  }
});
