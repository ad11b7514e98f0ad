import * as posix from './detach-posix.js';
import * as win32 from './detach-win32.js';

const platform = process.platform === 'win32' ? win32 : posix;

/**
 * Ends a process that `run` started, with everything below it: a polite signal, two seconds, then the hard one. `mark`: a `NAME=value`
 * of its environment that nobody else's has.
 */
export const endTree: (pid: number, mark?: string | null) => Promise<void> = platform.endTree;

/** Starts a program that no process of ours is the parent of, so that pm2's treekill cannot reach it. Resolves once it runs on its own. */
export const launchDetached: (program: posix.DetachedProgram) => Promise<void> = platform.launchDetached;
