import { readdir, readFile, readlink } from 'node:fs/promises';
import * as v from 'valibot';

/** The state LISTEN in /proc/net/tcp: https://docs.kernel.org/networking/proc_net_tcp.html */
const LISTEN = '0A';

const whole = v.pipe(v.union([v.string(), v.number()]), v.transform(Number), v.integer());
const Mark = v.object({ pm_id: whole, pm_uptime: whole });
const WorkerMark = v.pipe(v.string(), v.parseJson(), Mark);

/** The processes that listen on a TCP port, as far as we may see them. */
export async function findListeners(port: number): Promise<number[]> {
  const tables = await Promise.all([readProc('net/tcp'), readProc('net/tcp6')]);
  const sockets = new Set(
    tables.flatMap((table) => listeningInodes(table, port)).map((inode) => `socket:[${inode}]`),
  );
  if (sockets.size === 0) return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const holders = await Promise.all(
    pids.map(async (pid) => ((await holdsOne(pid, sockets)) ? [Number(pid)] : [])),
  );
  return holders.flat();
}

/** The incarnation that pm2 wrote into the environment of an app, which the app's children inherit; null where there is none. */
export async function birthMark(pid: number): Promise<{ pmId: number; startedAt: number } | null> {
  const variables = (await readProc(`${pid}/environ`)).split('\0');
  const valueOf = (name: string): string | undefined =>
    variables.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);
  const mark = v.safeParse(Mark, { pm_id: valueOf('pm_id'), pm_uptime: valueOf('pm_uptime') });
  // To the worker of a cluster pm2 gives all variables in one.
  const found = mark.success ? mark : v.safeParse(WorkerMark, valueOf('pm2_env'));
  return found.success ? { pmId: found.output.pm_id, startedAt: found.output.pm_uptime } : null;
}

/** The program that a process runs, or null. */
export async function programOf(pid: number): Promise<string | null> {
  return readlink(`/proc/${pid}/exe`).catch(() => null);
}

function listeningInodes(table: string, port: number): string[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const isOurs = state === LISTEN && Number.parseInt(local.split(':')[1] ?? '', 16) === port;
    return isOurs ? [inode] : [];
  });
}

async function holdsOne(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []); // gone, or another user's
  const links = await Promise.all(names.map((name) => readlink(`${folder}/${name}`).catch(() => '')));
  return links.some((link) => sockets.has(link));
}

async function readProc(path: string): Promise<string> {
  return readFile(`/proc/${path}`, 'utf8').catch(() => '');
}
