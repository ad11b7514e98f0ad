import { isAbsolute } from 'node:path';
import * as v from 'valibot';
import { isLoopback } from '../domain/loopback.js';
import { section, text } from './forms.js';
import { shown } from './issues.js';

// What of `gitops.json` says where programs read how the machine is.

/** Where the state of a root can be read. */
export interface MetricsConfig {
  /** Null: nobody listens. */
  readonly listen: ListenAddress | null;
  /** A file for node_exporter's textfile collector, an absolute path; null: none is written. */
  readonly file: string | null;
}

/** An address of this machine alone. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const listen = v.pipe(
  text,
  v.rawTransform<string, ListenAddress>(({ dataset: { value }, addIssue, NEVER }) => {
    const address = parseAddress(value);
    if (typeof address !== 'string') return address;
    addIssue({ message: address });
    return NEVER;
  }),
);

const file = v.pipe(
  text,
  v.check(
    (path) => isAbsolute(path) && path.endsWith('.prom'),
    ({ input }) =>
      `${shown(input)} is no absolute path that ends with .prom, as node_exporter wants it: "/var/lib/node_exporter/textfile/shop.prom"`,
  ),
);

/** `metrics` as people write it. */
export const metricsForm = section({ listen: v.optional(listen), file: v.optional(file) });

/** What is not written is not done. */
export function metricsFrom(written: v.InferOutput<typeof metricsForm> | undefined): MetricsConfig {
  return { listen: written?.listen ?? null, file: written?.file ?? null };
}

/** An address with its port; a text is the complaint. */
function parseAddress(written: string): ListenAddress | string {
  const [, name = '', digits] = /^(.*):(\d{1,5})$/.exec(written) ?? [];
  const port = Number(digits);
  if (digits === undefined || port < 1 || port > 65_535)
    return `${shown(written)} is no address with a port; write "127.0.0.1:9464"`;
  const host = name === 'localhost' ? '127.0.0.1' : name.replace(/^\[(.*)\]$/, '$1');
  if (isLoopback(host)) return { host, port };
  return `${shown(written)} can be reached from other machines, and nobody there is asked who they are; write "127.0.0.1:${digits}", and for other machines put a proxy of yours before it, or use metrics.file with node_exporter`;
}
