import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { cutDisk } from '../bed/disk.js';
import type { Cuts } from './plan.js';

/** Copies the disk of a worker while the worker stands still. */
export class Cutter {
  readonly #cuts: Cuts;
  #known = '';

  constructor(cuts: Cuts) {
    this.#cuts = cuts;
  }

  /** One copy, unless nothing has been written since the last one. */
  cut(name: string): void {
    const { neighbour, folder, stat } = this.#cuts;
    if (neighbour !== null) syncBeside(neighbour, name);
    const written = sectorsWritten(stat);
    if (written === this.#known) return;
    cutDisk(this.#cuts, join(folder, `${name}.img`));
    this.#known = written;
  }
}

/** Has the names of all files on the disk, as a database beside us would: contents that nobody synced are not written by that. */
function syncBeside(path: string, text: string): void {
  const file = openSync(path, 'a');
  writeSync(file, `${text}\n`);
  fsyncSync(file);
  closeSync(file);
}

function sectorsWritten(stat: string): string {
  return readFileSync(stat, 'utf8').trim().split(/\s+/)[6] ?? '';
}
