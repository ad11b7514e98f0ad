import { generateKeyPairSync } from 'node:crypto';
import { asText, parseJson, type JsonMap } from './json.js';
import {
  bodyOf,
  claimsOf,
  conditional,
  listOfRuns,
  listOfStatuses,
  missing,
  nowInSeconds,
  reply,
  tokenOf,
} from './github-answers.js';
import {
  exampleOf,
  misfitsOfAnswer,
  misfitsOfAsk,
  operationOf,
  type Operation,
} from './github-description.js';
import { LoopbackServer, type Answer, type Ask, type Fault } from './loopback.js';

/** A check run as GitHub tells it. */
export interface Run {
  readonly name: string;
  readonly status: 'queued' | 'in_progress' | 'completed';
  readonly conclusion: string | null;
}

/** A release of the repository. */
export interface Published {
  readonly tag: string;
  readonly title?: string;
  readonly notes?: string;
  readonly prerelease?: boolean;
  readonly draft?: boolean;
}

/** A deployment, and the states that it was told to be in. */
export interface Deployed {
  readonly id: number;
  readonly commit: string;
  readonly environment: string;
  readonly asked: JsonMap;
  readonly states: { readonly state: string; readonly description: string }[];
}

/** Why GitHub gives no answer to a question that fits. */
export type Refusal =
  | 'none'
  /** The hour's questions are used up; the limit is reset after so many seconds. */
  | { readonly usedUpFor: number }
  /** Too much at once; for so many seconds, which the answer tells, or does not. */
  | { readonly tooMuchFor: number; readonly told: boolean }
  /** The token has not the right. */
  | { readonly lacks: string };

/** A question that came. */
export interface Seen {
  readonly id: string;
  readonly status: number;
  readonly token: string | null;
}

const OWNER = 'acme';
const REPO = 'shop';

/** GitHub's API of one repository, acme/shop, by its own description: it takes nothing that does not fit, and answers nothing that does not. */
export class GithubApi {
  /** The tokens that let in. */
  tokens = new Set(['a-token']);
  /** Whether anybody may ask. */
  open = false;
  /** The release that is called the latest. */
  latest: string | null = null;
  releases: Published[] = [];
  refusal: Refusal = 'none';
  /** What is told of the token beside each answer. */
  ofToken: Readonly<Record<string, string>> = {};
  /** What did not fit the description; a test ends with none. */
  readonly misfits: string[] = [];
  readonly seen: Seen[] = [];
  readonly deployments: Deployed[] = [];
  readonly runs = new Map<string, Run[]>();
  readonly statuses = new Map<string, { context: string; state: string }[]>();
  /** A GitHub App that is installed, and its private key. */
  readonly app = { id: '4711', installation: 42, ...generateKeyPairSync('rsa', PEM) };
  readonly #server: LoopbackServer;
  #issued = 0;

  private constructor(server: LoopbackServer) {
    this.#server = server;
    server.answer = (ask) => this.#answer(ask);
  }

  static async open(): Promise<GithubApi> {
    return new GithubApi(await LoopbackServer.open());
  }

  get url(): string {
    return this.#server.url;
  }

  set fault(fault: Fault) {
    this.#server.fault = fault;
  }

  /** How often each question was asked, and how it was answered. */
  counts(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { id, status } of this.seen) counts[`${id} ${status}`] = (counts[`${id} ${status}`] ?? 0) + 1;
    return counts;
  }

  /** Ends; a question or an answer that did not fit fails the test. */
  async close(): Promise<void> {
    await this.#server.close();
    if (this.misfits.length > 0)
      throw new Error(`GitHub's description says otherwise:\n${this.misfits.join('\n')}`);
  }

  #answer(ask: Ask): Answer {
    const operation = operationOf(ask);
    if (operation === null) return this.#misfit(`${ask.method} ${ask.path}: not described here`);
    const wrong = misfitsOfAsk(ask, operation);
    if (wrong.length > 0) return this.#misfit(`${operation.id}: ${wrong.join('; ')}`);
    const token = tokenOf(ask);
    const answer = this.#refuse(operation, token) ?? this.#grant(operation, ask, token);
    this.seen.push({ id: operation.id, status: answer.status, token });
    if (answer.status >= 300) return answer;
    const body = parseJson(answer.body.toString());
    const odd = misfitsOfAnswer(operation, answer.status, body);
    return odd.length > 0 ? this.#misfit(`answer of ${operation.id}: ${odd.join('; ')}`) : answer;
  }

  #misfit(problem: string): Answer {
    this.misfits.push(problem);
    return reply(400, { message: problem });
  }

  #refuse({ id }: Operation, token: string | null): Answer | null {
    if (id === 'apps/create-installation-access-token') return null;
    const isKnown = token === null ? this.open : this.tokens.has(token);
    if (!isKnown) return token === null ? missing() : reply(401, { message: 'Bad credentials' });
    const { refusal } = this;
    if (refusal === 'none' || id === 'rate-limit/get') return null;
    if ('usedUpFor' in refusal)
      return reply(
        403,
        { message: 'API rate limit exceeded for installation ID 42.' },
        { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(nowInSeconds() + refusal.usedUpFor) },
      );
    if ('tooMuchFor' in refusal)
      return reply(
        429,
        {
          message:
            'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
        },
        refusal.told ? { 'retry-after': String(refusal.tooMuchFor) } : {},
      );
    return reply(
      403,
      { message: 'Resource not accessible by personal access token' },
      { 'x-accepted-github-permissions': refusal.lacks },
    );
  }

  #grant(operation: Operation, ask: Ask, token: string | null): Answer {
    const { owner, repo } = operation.path;
    if (owner !== undefined && `${owner}/${String(repo)}` !== `${OWNER}/${REPO}`) return missing();
    switch (operation.id) {
      case 'apps/create-installation-access-token':
        return this.#issue(operation, token);
      case 'repos/create-deployment':
        return this.#deploy(bodyOf(ask));
      case 'repos/create-deployment-status':
        return this.#tell(operation, bodyOf(ask));
      default:
        return this.#withToken(
          conditional(ask, token, this.#read(operation, new URLSearchParams(ask.query))),
        );
    }
  }

  #withToken(answer: Answer): Answer {
    return { ...answer, headers: { ...answer.headers, ...this.ofToken } };
  }

  #read({ id, path }: Operation, query: URLSearchParams): JsonMap | null {
    const commit = path['ref'] ?? '';
    const per = Number(query.get('per_page') ?? 30);
    const cut = <T>(all: readonly T[]): T[] =>
      all.slice((Number(query.get('page') ?? 1) - 1) * per).slice(0, per);
    switch (id) {
      case 'rate-limit/get':
        return exampleOf(id);
      case 'repos/get-latest-release':
        return this.#release(this.latest);
      case 'repos/get-release-by-tag':
        return this.#release(path['tag'] ?? null);
      case 'checks/list-for-ref':
        return listOfRuns(this.runs.get(commit) ?? [], cut);
      case 'repos/get-combined-status-for-ref':
        return listOfStatuses(this.statuses.get(commit) ?? [], cut);
      default:
        throw new Error(`${id} is not answered here`);
    }
  }

  #release(tag: string | null): JsonMap | null {
    const found = this.releases.find((each) => each.tag === tag && each.draft !== true);
    if (found === undefined) return null;
    return {
      ...exampleOf('repos/get-latest-release'),
      ...{ tag_name: found.tag, name: found.title ?? found.tag, body: found.notes ?? '' },
      ...{ prerelease: found.prerelease ?? false, draft: false },
    };
  }

  /** https://docs.github.com/en/apps: the JWT names the app, is signed by its key, and holds for ten minutes at most. */
  #issue({ id, path }: Operation, jwt: string | null): Answer {
    const claims = claimsOf(jwt ?? '', this.app.publicKey);
    const now = nowInSeconds();
    if (claims === null) return reply(401, { message: 'A JSON web token could not be decoded' });
    const { iat, exp, iss } = claims;
    const holds = Number(iat) <= now && Number(exp) > now && Number(exp) <= now + 600;
    if (!holds || iss !== this.app.id) return reply(401, { message: 'Integration not found' });
    if (path['installation_id'] !== String(this.app.installation)) return missing();
    this.#issued += 1;
    const token = `an-installation-token-${this.#issued}`;
    this.tokens.add(token);
    const expiresAt = new Date((now + 3600) * 1000).toISOString();
    return reply(201, {
      ...exampleOf(id),
      token,
      expires_at: expiresAt,
      permissions: { checks: 'read' },
    });
  }

  #deploy(asked: JsonMap): Answer {
    const id = this.deployments.length + 1;
    const { ref, environment } = asked;
    if (typeof ref !== 'string' || typeof environment !== 'string') throw new Error('no ref or environment');
    this.deployments.push({ id, commit: ref, environment, asked, states: [] });
    return reply(201, { ...exampleOf('repos/create-deployment'), id, sha: ref, environment });
  }

  #tell({ id, path }: Operation, { state, description }: JsonMap): Answer {
    const found = this.deployments.find((each) => String(each.id) === path['deployment_id']);
    if (found === undefined) return missing();
    found.states.push({ state: asText(state), description: asText(description) });
    return reply(201, { ...exampleOf(id), state: state ?? null, description: description ?? null });
  }
}

const PEM = {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
} as const;
