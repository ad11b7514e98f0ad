import { readdir, readFile, readlink } from 'node:fs/promises';

/** The state LISTEN in /proc/net/tcp: https://docs.kernel.org/networking/proc_net_tcp.html */
const LISTEN = '0A';

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
  const [pmId, startedAt] = [valueOf('pm_id'), valueOf('pm_uptime')];
  return pmId === undefined || startedAt === undefined
    ? null
    : { pmId: Number(pmId), startedAt: Number(startedAt) };
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
