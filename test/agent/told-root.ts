import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Root } from '../../src/agent/root.js';
import type { Notice } from '../../src/domain/notice.js';
import { Receivers } from '../bed/receivers.js';
import { KEYS } from '../bed/services.js';
import { release } from '../domain/releases.js';
import { ownRoot } from './place.js';

/** `notify` with a sink of every service, each named as its type. */
export function everySink(receivers: Receivers, secretFile: string): Record<string, object> {
  return {
    ...Object.fromEntries(
      ['slack', 'discord', 'teams', 'wecom'].map((type) => [type, { type, url: { env: `URL_${type}` } }]),
    ),
    ...Object.fromEntries(
      ['dingtalk', 'feishu', 'webhook'].map((type) => [
        type,
        { type, url: { env: `URL_${type}` }, secret: { env: `SECRET_${type}` } },
      ]),
    ),
    telegram: { type: 'telegram', token: { file: secretFile }, chat: -1001, topic: 7, api: receivers.url },
    kuma: { type: 'uptimeKuma', url: { env: 'URL_kuma' } },
  };
}

/** The variables that these sinks name. */
export function secretsFor(receivers: Receivers): Record<string, string> {
  const urls = Object.entries(receivers.addresses()).map(([name, url]): [string, string] => [
    `URL_${name}`,
    url,
  ]);
  const { dingtalkSecret, feishuSecret, webhookSecret } = KEYS;
  return {
    ...Object.fromEntries<string>(urls),
    ...{ SECRET_dingtalk: dingtalkSecret, SECRET_feishu: feishuSecret, SECRET_webhook: webhookSecret },
  };
}

/** A root that tells these sinks. */
export async function tellingRoot(
  t: TestContext,
  receivers: Receivers,
  notify?: Record<string, object>,
): Promise<Root> {
  const folder = (await ownRoot(t)).layout.root;
  const file = join(folder, 'telegram.token');
  await writeFile(file, `${KEYS.telegram}\n`);
  const root = await ownRoot(t, { name: 'vps-07', notify: notify ?? everySink(receivers, file) });
  const env = { PATH: process.env['PATH'] ?? '' };
  return { ...root, host: { ...root.host, env, secretEnv: secretsFor(receivers) } };
}

/** Opens the services, and closes them with the test. */
export async function openReceivers(t: TestContext): Promise<Receivers> {
  const receivers = await Receivers.open();
  t.after(() => receivers.close());
  return receivers;
}

/** A notice of a release that was rolled back, with changes. */
export function someNotice(change: Partial<Notice> = {}): Notice {
  return {
    ...{ id: 'a-machine-1', at: 1_700_000_000_000, event: 'rolledBack', level: 'problem' },
    ...{ machine: { id: 'a-machine', name: 'vps-07' }, root: '/srv/shop' },
    ...{ from: release('v1.0.0', 1), to: release('v1.1.0', 2), run: '20260301-120000-000-ab' },
    ...{ cause: 'web (id 0) crashed', since: 1_700_000_000_000, times: 1, reminder: false },
    ...{ ends: null, release: null },
    ...change,
  };
}
