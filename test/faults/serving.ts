import type { TestContext } from 'node:test';
import type { MachineConfig } from '../../src/config/machine.js';
import { Scene } from '../bed/scene.js';

/** A root on a small disk of its own that serves v1.0.0 from two processes. */
export async function servingOnDisk(
  t: TestContext,
  strategy: MachineConfig['strategy'],
  mebibytes: number,
): Promise<Scene> {
  const apps = (port: number) => [{ name: 'web', port, instances: 2 }];
  const scene = await Scene.open(t, { apps, diskMib: mebibytes });
  await scene.release('v1.0.0');
  if (strategy === 'checkout') await scene.adopt('v1.0.0');
  else await scene.cliMust(['init', scene.remote.url, '--yes']);
  await scene.cliMust(['apply', '--start-pm2']);
  await scene.everywhere('v1.0.0');
  return scene;
}
