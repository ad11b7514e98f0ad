import * as v from 'valibot';
import type { Expectation } from '../domain/expectation.js';
import { command, duration, section } from './forms.js';

/** What proves a process. */
export interface HealthConfig {
  /** Must answer as expected, from a process of this release. */
  readonly url: string | null;
  readonly expect: Expectation;
  /** A shell command that must exit 0. */
  readonly command: string | null;
  /** How long a new process must live, the same pid, before it counts. */
  readonly settleMs: number;
  /** How long the probes may take to turn healthy. */
  readonly timeoutMs: number;
}

const text = v.pipe(v.string(), v.nonEmpty('it is empty; leave the key out'));
const headerName = v.pipe(
  v.string(),
  v.regex(/^[!#$%&'*+.^_`|~\w-]+$/, ({ input }) => `${JSON.stringify(input)} is no name of a header`),
);

const expectation = section({
  status: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(599))), null),
  body: v.optional(v.nullable(text), null),
  header: v.optional(v.record(headerName, text), {}),
});

/** `gitops.health` as people write it. */
export const health = v.pipe(
  section({
    url: v.optional(v.nullable(v.pipe(v.string(), v.url())), null),
    expect: v.optional(expectation, {}),
    command: v.optional(v.nullable(command), null),
    settle: v.optional(duration(), '2s'),
    timeout: v.optional(duration(), '30s'),
  }),
  v.check(
    ({ url, expect }) => url !== null || isEmpty(expect),
    'expect is about the answer of url, and there is no url; write one, or ask by command',
  ),
  v.transform(({ settle, timeout, ...probes }): HealthConfig => ({
    ...probes,
    settleMs: settle,
    timeoutMs: timeout,
  })),
);

function isEmpty({ status, body, header }: Expectation): boolean {
  return status === null && body === null && Object.keys(header).length === 0;
}
