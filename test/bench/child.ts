import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';

/** The environment of a child, and a program that becomes or runs it, as `taskset` or `strace`. */
interface ChildTerms {
  readonly env: Readonly<Record<string, string>>;
  readonly before?: readonly string[];
}

/** A program of the bench that says that it is ready, and then answers each message with one. */
export class Child {
  readonly pid: number;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
    this.pid = child.pid ?? 0;
  }

  static async open(name: string, args: readonly string[], { env, before = [] }: ChildTerms): Promise<Child> {
    const program = fileURLToPath(new URL(`${name}.js`, import.meta.url));
    const [execPath, ...execArgv] = [...before, process.execPath];
    const terms = { env: { ...env }, execPath, execArgv };
    const child = new Child(fork(program, [...args], terms));
    await child.#hear();
    return child;
  }

  /** Asks, and takes the answer. */
  async ask<T extends v.GenericSchema>(schema: T): Promise<v.InferOutput<T>> {
    const answer = this.#hear();
    this.#process.send('go');
    return v.parse(schema, await answer);
  }

  async end(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }

  #hear(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const child = this.#process;
      const die = (): void => {
        reject(new Error(`${child.spawnargs.join(' ')} ended`));
      };
      child.once('exit', die);
      child.once('message', (message: unknown) => {
        child.off('exit', die);
        resolve(message);
      });
    });
  }
}
