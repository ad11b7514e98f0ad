import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { parseReleaseConfig } from '../../src/config/release.js';
import type { Release } from '../../src/domain/release.js';
import { systemClock } from '../../src/os/clock.js';
import type { Env } from '../../src/os/env.js';
import type { Effort } from '../../src/workspace/effort.js';
import type { StageRequest, StageTools } from '../../src/workspace/stage.js';
import { closePlace, openPlace, type Place } from '../bed/place.js';

/** A folder with a root, a clean environment and a record of what the work said: all that staging needs of a machine. */
export class Bench {
  readonly steps: string[] = [];
  readonly lines: string[] = [];
  readonly #place: Place;
  readonly #extra: Record<string, string> = {};

  private constructor(place: Place) {
    this.#place = place;
  }

  static async open(): Promise<Bench> {
    const bench = new Bench(await openPlace());
    await mkdir(bench.state, { recursive: true });
    await mkdir(bench.path('bin'));
    return bench;
  }

  get root(): string {
    return this.path('root');
  }

  get state(): string {
    return join(this.root, '.pm2-gitops');
  }

  get mirror(): string {
    return join(this.state, 'mirror.git');
  }

  get env(): Env {
    const home = this.#place.folder;
    const path = [this.path('bin'), process.env['PATH'] ?? ''].join(delimiter);
    return { PATH: path, HOME: home, LANG: 'C', npm_config_cache: join(home, 'npm-cache'), ...this.#extra };
  }

  setEnv(name: string, value: string): void {
    this.#extra[name] = value;
  }

  path(...parts: string[]): string {
    return join(this.#place.folder, ...parts);
  }

  effort(limitMs = 60_000, signal: AbortSignal = new AbortController().signal): Effort {
    return { signal, limitMs, report: this.#report(), env: this.env };
  }

  tools(signal: AbortSignal = new AbortController().signal): StageTools {
    return { signal, report: this.#report(), clock: systemClock(), parseConfig: parseReleaseConfig };
  }

  stageRequest(release: Release, url: string, more: Partial<StageRequest> = {}): StageRequest {
    return {
      strategy: 'releases',
      root: this.root,
      state: this.state,
      runId: 'run-1',
      release,
      remote: { url, env: {} },
      shallow: true,
      seed: null,
      base: null,
      env: this.env,
      hookEnv: { GITOPS_TAG: release.tag },
      gitMs: 60_000,
      ...more,
    };
  }

  async write(files: Readonly<Record<string, string>>, folder: string): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), text);
    }
  }

  /** A program of the bench that comes first in PATH. */
  async program(name: string, shell: string): Promise<void> {
    await writeFile(this.path('bin', name), `#!/bin/sh\n${shell}\n`);
    await chmod(this.path('bin', name), 0o755);
  }

  async read(...parts: string[]): Promise<string> {
    return readFile(this.path(...parts), 'utf8');
  }

  async close(): Promise<void> {
    await closePlace(this.#place);
  }

  #report(): Effort['report'] {
    return {
      step: (text) => void this.steps.push(text),
      output: (line) => void this.lines.push(line),
    };
  }
}

/** A release as the channel found it. */
export function releaseOf(tag: string, commit: string): Release {
  return { tag, commit, ref: `refs/tags/${tag}` };
}
