/** A measure and its values now: what Prometheus calls a family. */
export interface Family {
  /** Ends with its unit; a counter's without `_total`, an info's without `_info`. */
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'info';
  readonly unit: 'seconds' | 'bytes' | null;
  /** A sentence for people. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** One value. An info's is 1. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** `openmetrics`: OpenMetrics 1.0.0; `text`: Prometheus' own format 0.0.4, which node_exporter reads from files. */
export type Format = 'openmetrics' | 'text';

/** The content type of each format. */
export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  text: 'text/plain; version=0.0.4; charset=utf-8',
};

/** The format that an `Accept` header asks for: OpenMetrics only where it is named, and text not preferred. */
export function chooseFormat(accept: string): Format {
  const wishes = accept.split(',').map(parseWish);
  const weight = (type: string): number =>
    Math.max(0, ...wishes.filter((wish) => wish.type === type).map(({ q }) => q));
  const asked = weight('application/openmetrics-text');
  return asked > 0 && asked >= weight('text/plain') ? 'openmetrics' : 'text';
}

function parseWish(text: string): { type: string; q: number } {
  const [type = '', ...parameters] = text
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const q = parameters.find((parameter) => parameter.startsWith('q='))?.slice('q='.length);
  return { type, q: q === undefined ? 1 : Number(q) || 0 };
}

/** Families as text. One without values is left out. */
export function renderFamilies(families: readonly Family[], format: Format): string {
  const told = families.filter(({ samples }) => samples.length > 0);
  const end = format === 'openmetrics' ? '# EOF\n' : '';
  return told.map((family) => renderFamily(family, format)).join('') + end;
}

function renderFamily(family: Family, format: Format): string {
  const { name, type, unit, help, samples } = family;
  const sampleName = `${name}${SUFFIXES[type]}`;
  const isOpen = format === 'openmetrics';
  // OpenMetrics describes the family by its name, the older format by that of its samples, and knows of no info.
  const described = isOpen ? name : sampleName;
  const lines = [
    `# HELP ${described} ${isOpen ? escapeLabel(help) : escapeHelp(help)}`,
    `# TYPE ${described} ${type === 'info' && !isOpen ? 'gauge' : type}`,
    ...(isOpen && unit !== null ? [`# UNIT ${described} ${unit}`] : []),
    ...samples.map(({ labels, value }) => `${sampleName}${renderLabels(labels)} ${value}`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

const SUFFIXES = { gauge: '', counter: '_total', info: '_info' } as const;

function renderLabels(labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return escapeHelp(value).replaceAll('"', '\\"');
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
