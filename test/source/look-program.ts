import { listByOurselves } from '../../src/source/by-http.js';
import { wantedBy } from '../../src/source/question.js';

// A host that has nothing to do: it ends when nothing keeps it alive.
const [url = '', background = ''] = process.argv.slice(2);
const place = {
  cwd: '/',
  signal: new AbortController().signal,
  background: background === 'background',
};
const wanted = wantedBy({ channels: [{ kind: 'stable' }] });
await listByOurselves({ url, env: {} }, wanted, place).then((refs) => {
  process.stdout.write(`${refs.length} refs`);
});
