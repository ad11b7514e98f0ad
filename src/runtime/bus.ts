import * as v from 'valibot';
import { MessageDecoder, readArgument } from './amp.js';
import { openSocket, type DaemonPlace } from './socket.js';

/** Something that happened to an app, as pm2's bus tells it. */
export interface ProcessEvent {
  /** pm2's word: start, online, exit, restart, stop, delete, `restart overlimit`, … */
  readonly event: string;
  readonly pmId: number;
  readonly status: string;
  /** `pm_uptime` of the incarnation that it happened to. */
  readonly startedAt: number;
  readonly exitCode: number | null;
  /** When it happened, by the daemon's wall clock. */
  readonly at: number;
}

/** An error that nobody in an app caught, as pm2's container in the app tells it. */
export interface ProcessFault {
  readonly pmId: number;
  readonly message: string;
  readonly stack: string;
  /** When it happened, by the daemon's wall clock. */
  readonly at: number;
}

/** The message `ready` of an app. */
export interface ReadyMessage {
  readonly pmId: number;
  /** When it came, by the daemon's wall clock. */
  readonly at: number;
}

/** What hears the bus. */
export interface BusListener {
  readonly onEvent: (event: ProcessEvent) => void;
  readonly onFault?: (fault: ProcessFault) => void;
  readonly onReady?: (message: ReadyMessage) => void;
  /** It hears nothing any more; perhaps told more than once. */
  readonly onEnd?: () => void;
}

const MAX_EVENT_BYTES = 16 * 1024 * 1024;
const Event = v.pipe(
  v.looseObject({
    event: v.string(),
    at: v.number(),
    process: v.looseObject({
      pm_id: v.number(), // `_old_0` while a reload drains the old worker: of no interest
      status: v.string(),
      pm_uptime: v.number(),
      exit_code: v.fallback(v.nullable(v.number()), null),
    }),
  }),
  v.transform(({ event, at, process }): ProcessEvent => ({
    event,
    pmId: process.pm_id,
    status: process.status,
    startedAt: process.pm_uptime,
    exitCode: process.exit_code,
    at,
  })),
);

const text = v.fallback(v.string(), '');
const Fault = v.pipe(
  v.looseObject({
    at: v.number(),
    process: v.looseObject({ pm_id: v.number() }),
    data: v.looseObject({ message: text, stack: text }), // whatever the app threw
  }),
  v.transform(({ at, process, data }): ProcessFault => ({
    pmId: process.pm_id,
    message: data.message,
    stack: data.stack,
    at,
  })),
);

const Ready = v.pipe(
  v.looseObject({
    raw: v.literal('ready'),
    at: v.number(),
    process: v.looseObject({ pm_id: v.number() }),
  }),
  v.transform(({ at, process }): ReadyMessage => ({ pmId: process.pm_id, at })),
);

/**
 * Listens to pm2's bus until `signal` aborts; resolves once it is connected. What is neither event nor fault of a process is dropped.
 * The bus only makes one look sooner: it may be silent or gone at any time, and nothing is told about that.
 */
export async function subscribe(
  place: DaemonPlace,
  listener: BusListener,
  signal: AbortSignal,
): Promise<void> {
  const socket = await openSocket(place, 'pub', signal);
  const decoder = new MessageDecoder(MAX_EVENT_BYTES);
  const end = (): void => {
    signal.removeEventListener('abort', end);
    socket.destroy();
    listener.onEnd?.();
  };
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  socket.on('error', end).on('close', end);
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const message of decoder.push(chunk)) hear(message, listener);
    } catch {
      end(); // not AMP: see above
    }
  });
}

function hear([topic, body]: readonly Buffer[], { onEvent, onFault, onReady }: BusListener): void {
  if (topic === undefined || body === undefined) return;
  // All apps' log lines pass here as well: they are not worth being parsed.
  const name = readArgument(topic);
  if (name === 'process:event') {
    const event = v.safeParse(Event, readArgument(body));
    if (event.success) onEvent(event.output);
  } else if (name === 'process:exception' && onFault !== undefined) {
    const fault = v.safeParse(Fault, readArgument(body));
    if (fault.success) onFault(fault.output);
  } else if (name === 'process:msg' && onReady !== undefined && body.includes('"ready"')) {
    const ready = v.safeParse(Ready, readArgument(body));
    if (ready.success) onReady(ready.output);
  }
}
