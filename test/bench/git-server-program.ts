import { readFile } from 'node:fs/promises';
import { answerByGit } from '../bed/http-backend.js';
import { LoopbackServer } from '../bed/loopback.js';

// node git-server-program.js FOLDER: serves the repositories of a folder by `git http-backend`, in a process of its own,
// and answers each message with its address and what it has done so far.

const MS_PER_TICK = 10; // getconf CLK_TCK is 100 on every Linux of today

const [folder = ''] = process.argv.slice(2);
const server = await LoopbackServer.open();
let requests = 0;
server.answer = (ask) => {
  requests += 1;
  return answerByGit(ask, folder);
};
process.on('message', () => void tell());
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function tell(): Promise<void> {
  const { url, wireBytes } = server;
  process.send?.({ url, requests, wireBytes, backendCpuMs: await childrenCpuMs() });
}

/** What `git http-backend` and its children took; https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, fields 16 and 17. */
async function childrenCpuMs(): Promise<number> {
  const stat = await readFile('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * MS_PER_TICK;
}
