/** An app as an ecosystem file defines it, its `cwd` absolute. */
export type AppDefinition = Readonly<Record<string, unknown>>;

/** The variables of a process, as text. */
export type Variables = Readonly<Record<string, string>>;

/** The name that pm2 gives an app: its own, or its script's without the ending. */
export function appName({ name, script }: AppDefinition): string {
  if (typeof name === 'string') return name;
  const file = typeof script === 'string' ? (script.split(/[\\/]/).at(-1) ?? '') : '?';
  const dot = file.lastIndexOf('.');
  return dot > 0 ? file.slice(0, dot) : file;
}

/** What the definition sets in the process's environment, `variant` (`env_production`) included. */
export function variablesOf(app: AppDefinition, variant: string | null): Variables {
  const port = app['port'] === undefined ? {} : { PORT: app['port'] };
  const own = { ...entriesOf(app['env']), ...port, ...(variant === null ? {} : entriesOf(app[variant])) };
  return Object.fromEntries(Object.entries(own).map(([key, value]) => [key, asText(value)]));
}

/**
 * With which `env_…` of its definition a process was started by `--env`, or null: pm2 does not note it.
 * It is the largest one of which the process has every variable.
 */
export function variantOf(app: AppDefinition, process: Variables): string | null {
  const fitting = Object.keys(app)
    .filter((key) => /^env_\S+$/.test(key))
    .map((key) => ({ key, pairs: Object.entries(entriesOf(app[key])) }))
    .filter(
      ({ pairs }) => pairs.length > 0 && pairs.every(([name, value]) => process[name] === asText(value)),
    );
  const [largest] = fitting.sort((one, other) => other.pairs.length - one.pairs.length);
  return largest?.key ?? null;
}

/** Which keys differ between two definitions (`script`, `env.LOG`), as a process of that variant sees them. Only names: values may be secret. */
export function changedKeys(former: AppDefinition, wanted: AppDefinition, variant: string | null): string[] {
  const env = differing(variablesOf(former, variant), variablesOf(wanted, variant)).map(
    (key) => `env.${key}`,
  );
  return [...differing(withoutEnv(former), withoutEnv(wanted)), ...env].sort();
}

function differing(one: AppDefinition, other: AppDefinition): string[] {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].filter((key) => written(one[key]) !== written(other[key]));
}

function withoutEnv(app: AppDefinition): AppDefinition {
  return Object.fromEntries(Object.entries(app).filter(([key]) => key !== 'env' && !key.startsWith('env_')));
}

/** A value as text that does not depend on the order of keys. */
function written(value: unknown): string {
  return JSON.stringify([value], (_key, item: unknown) =>
    isObject(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}

// As pm2 hands them on.
function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function entriesOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? Object.fromEntries(Object.entries(value)) : {};
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
