import * as v from 'valibot';
import { Child } from './child.js';

const answered = v.object({
  url: v.string(),
  requests: v.number(),
  wireBytes: v.number(),
  backendCpuMs: v.number(),
});

/** What a server has done: requests, bytes over its connections both ways, and what git took of the CPU. */
export type Served = Omit<v.InferOutput<typeof answered>, 'url'>;

/** A git server over http in a process of its own. */
export class GitServer {
  readonly url: string;
  readonly #child: Child;

  private constructor(child: Child, url: string) {
    this.#child = child;
    this.url = url;
  }

  /** Serves `app.git` of a folder; `before` as a child has it. */
  static async open(
    folder: string,
    terms: { env: Readonly<Record<string, string>>; before?: readonly string[] },
  ): Promise<GitServer> {
    const child = await Child.open('git-server-program', [folder], terms);
    const { url } = await child.ask(answered);
    return new GitServer(child, `${url}/app.git`);
  }

  /** What some work came to, and what was served meanwhile. */
  async during<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly served: Served }> {
    const before = await this.#child.ask(answered);
    const result = await work();
    const after = await this.#child.ask(answered);
    const served = {
      requests: after.requests - before.requests,
      wireBytes: after.wireBytes - before.wireBytes,
      backendCpuMs: after.backendCpuMs - before.backendCpuMs,
    };
    return { result, served };
  }

  /** How many requests there were so far. */
  async requests(): Promise<number> {
    return (await this.#child.ask(answered)).requests;
  }

  close(): Promise<void> {
    return this.#child.end();
  }
}
