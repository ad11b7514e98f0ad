import { cleanEnvironment } from '../../src/os/env.js';
import { listRefs } from '../../src/source/list-refs.js';

// node crowd-program.js URL LOOKS LOOKERS: so many looks by the poller's own code, so many of them at once.

const [url = '', looks = '', lookers = ''] = process.argv.slice(2);
const remote = { url, env: cleanEnvironment(process.env) };
const place = { cwd: process.cwd(), signal: new AbortController().signal, background: false };
let left = Number(looks);
await Promise.all(Array.from({ length: Number(lookers) }, lookOnAndOn));

async function lookOnAndOn(): Promise<void> {
  while (left > 0) {
    left -= 1;
    const refs = await listRefs(remote, { channels: [{ kind: 'stable' }] }, place);
    if (refs.length === 0) throw new Error(`${url} has no refs`);
  }
}
