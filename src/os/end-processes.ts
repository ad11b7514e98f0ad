import { startTimeOf } from './proc-linux.js';

/** A process that the kernel's start time tells from any other of the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly born: string;
}

/** Sends a signal to those that still are the same processes, looking just before each. Gives back how many there were. */
export function signalAll(processes: readonly ProcessIdentity[], signal: 'SIGTERM' | 'SIGKILL'): number {
  return processes.filter((process) => signalOne(process, signal)).length;
}

function signalOne({ pid, born }: ProcessIdentity, signal: 'SIGTERM' | 'SIGKILL'): boolean {
  if (startTimeOf(pid) !== born) return false;
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // gone in this moment, or another user's
  }
}
