import { isAsExpected, narrowQuestion } from '../../src/domain/narrow.js';
import { cleanEnvironment } from '../../src/os/env.js';
import { askRefs, listRefs } from '../../src/source/list-refs.js';
import { roomFor } from '../../src/source/question.js';
import { NEWEST } from './tags.js';

// node crowd-program.js URL LOOKS LOOKERS: so many quiet looks by the poller's own code, so many of them at once.

const [url = '', looks = '', lookers = ''] = process.argv.slice(2);
const remote = { url, env: cleanEnvironment(process.env), basic: null };
const place = { cwd: process.cwd(), signal: new AbortController().signal, background: false };
const CHANNEL = { kind: 'stable' } as const;
const question = { channels: [CHANNEL] };
const refs = await listRefs(remote, question, place);
const newest = refs.find(({ name }) => name === `refs/tags/${NEWEST}`);
if (newest === undefined) throw new Error(`${url} has no ${NEWEST}`);
const narrow = narrowQuestion({
  ...{ refs, channel: CHANNEL, tagPrefix: '', withdrawn: [], names: [] },
  active: { tag: NEWEST, commit: newest.commit, ref: newest.name },
  roomBytes: roomFor(remote),
});
if (narrow === null) throw new Error('the question is not narrow');
let left = Number(looks) - 1; // the first one has listed all
await Promise.all(Array.from({ length: Number(lookers) }, () => lookOnAndOn(narrow)));

async function lookOnAndOn(asked: NonNullable<typeof narrow>): Promise<void> {
  while (left > 0) {
    left -= 1;
    const told = await askRefs(remote, { ...question, prefixes: asked.prefixes }, place);
    if (told.isWhole || !isAsExpected(asked, told.refs)) throw new Error(`${url} told something new`);
  }
}
