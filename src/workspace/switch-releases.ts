import * as posix from './switch-posix.js';
import * as win32 from './switch-win32.js';

const platform = process.platform === 'win32' ? win32 : posix;

/** The folder under `<root>/releases/` that `<root>/current` names, or null where there is none. */
export const pointedAt: (root: string) => Promise<string | null> = platform.pointedAt;

/** Makes `<root>/current` name `<root>/releases/<folder>`, durably; can be done again after a crash at any point. */
export const pointTo: (root: string, folder: string) => Promise<void> = platform.pointTo;

/** Takes `<root>/current` away, so that the root names no release: the way back of a first release. */
export const unpoint: (root: string) => Promise<void> = platform.unpoint;
