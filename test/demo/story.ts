import { converge } from './converge.js';
import { fail } from './fail.js';
import { setTheScene } from './scene.js';
import { version, withItsFile, withoutItsFile } from './shop.js';
import type { Telling } from './telling.js';
import { showTimeline } from './timeline.js';

/** Tells the whole story. Rejects with what did not happen as it should. */
export async function tell(telling: Telling): Promise<void> {
  const scene = await setTheScene(telling);
  const passages = [
    await converge(scene, {
      tag: 'v1.1.0',
      files: version('1.1.0'),
      remark: 'nobody touches the machine from here on',
    }),
    await fail(scene, {
      tag: 'v1.2.0',
      files: withoutItsFile('1.2.0'),
      remark: 'somebody forgot to commit a file',
    }),
    await converge(scene, { tag: 'v1.2.1', files: withItsFile('1.2.1'), remark: 'with the file' }),
  ];
  showTimeline(passages, telling.screen);
}
