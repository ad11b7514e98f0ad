import { accessSync, constants } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The tools that a machine's faults may be put into. */
export type Tool = 'git' | 'npm' | 'ssh' | 'ps';

/** One call of a wrapped tool. */
export interface ToolCall {
  readonly cwd: string;
  readonly args: string;
}

/** What befalls calls whose arguments, joined by spaces, match a pattern of the shell: they fail, or never end. */
export type ToolFault =
  | { readonly when: string; readonly says: string; readonly code: number }
  | { readonly when: string; readonly hangs: true }
  /** Something happens first; then the real tool is called. */
  | { readonly when: string; readonly first: string };

/** A shell script that stands before a tool in PATH: it logs each call, and fails or hangs when told. */
export class ToolWrapper {
  readonly #tool: Tool;
  readonly #script: string;

  constructor(tool: Tool, bin: string) {
    this.#tool = tool;
    this.#script = join(bin, tool);
  }

  async install(): Promise<void> {
    const text = [
      '#!/bin/sh',
      `printf '%s\\t%s\\n' "$PWD" "$(printf '%s' "$*" | tr '\\n\\t' '  ')" >> '${this.#log}'`,
      `if [ -f '${this.#fault}' ]; then . '${this.#fault}'; fi`,
      `exec '${realTool(this.#tool)}' "$@"`,
      '',
    ];
    await writeFile(this.#script, text.join('\n'), { mode: 0o755 });
  }

  /** Switches a fault on, or off with null. */
  async fault(fault: ToolFault | null): Promise<void> {
    if (fault === null) return rm(this.#fault, { force: true });
    await writeFile(this.#fault, `case "$*" in ${fault.when}) ${actOf(fault)} ;; esac\n`);
  }

  /** The calls so far whose arguments match. */
  async calls(matching: RegExp): Promise<ToolCall[]> {
    const text = await readFile(this.#log, 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => ({ cwd: line.slice(0, line.indexOf('\t')), args: line.slice(line.indexOf('\t') + 1) }))
      .filter(({ args }) => matching.test(args));
  }

  get #log(): string {
    return `${this.#script}.log`;
  }

  get #fault(): string {
    return `${this.#script}.fault`;
  }
}

function actOf(fault: ToolFault): string {
  if ('first' in fault) return fault.first;
  return 'hangs' in fault ? 'exec sleep 3600' : `echo '${fault.says}' >&2; exit ${fault.code}`;
}

function realTool(tool: Tool): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const found = folders.map((folder) => join(folder, tool)).find(isExecutable);
  return found ?? `/usr/bin/${tool}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
