/** Environment variables as data. Only `agent/compose.ts` reads the process's own. */
export type Env = Readonly<Record<string, string>>;

// pm2 injects some 35 variables into its apps (name, status, pm_id, …), and an app's own PORT and secrets sit beside them.
// They must not reach git, npm, builds, hooks or other apps, so we keep what is known to belong to the machine and the user.
const KEPT = new Set(
  [
    'PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TMPDIR TMP TEMP TERM PM2_HOME PM2_GITOPS_ROOT',
    'SSH_AUTH_SOCK SSH_AGENT_PID DBUS_SESSION_BUS_ADDRESS',
    'HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY NODE_EXTRA_CA_CERTS NODE_USE_ENV_PROXY SSL_CERT_FILE SSL_CERT_DIR',
    'NVM_DIR FNM_DIR VOLTA_HOME PNPM_HOME COREPACK_HOME BUN_INSTALL XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME XDG_RUNTIME_DIR',
    'SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT USERPROFILE USERNAME USERDOMAIN HOMEDRIVE HOMEPATH APPDATA LOCALAPPDATA',
    'PROGRAMDATA ALLUSERSPROFILE PUBLIC PROGRAMFILES PROGRAMFILES(X86) PROGRAMW6432 COMMONPROGRAMFILES COMPUTERNAME OS',
    'NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE',
  ]
    .join(' ')
    .split(' '),
);
const KEPT_PREFIXES = ['LC_', 'NPM_CONFIG_', 'GIT_SSL_', 'GIT_SSH', 'GIT_CONFIG_'];

/** What of `source` git, builds, hooks and a started app may see. */
export function cleanEnvironment(source: NodeJS.ProcessEnv): Env {
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(source)) {
    const upper = name.toUpperCase();
    const kept = KEPT.has(upper) || KEPT_PREFIXES.some((prefix) => upper.startsWith(prefix));
    if (value !== undefined && kept) clean[name] = value;
  }
  return clean;
}
