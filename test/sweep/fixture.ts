import { builtAppFiles, type AppSpec } from '../bed/app.js';

/** How a release of the sweep behaves, and so where a machine must end up. */
export const OUTCOMES = [
  'good',
  'build fails',
  'crashes at start',
  'crashes while settling',
  'hook hangs',
] as const;

export type FixtureOutcome = (typeof OUTCOMES)[number];

/** What makes a release complete; both steps are as quick as a shell. */
export interface Recipe {
  readonly install: string;
  readonly build: string;
}

/** The folder that all releases share. */
export const SHARED = 'data';

/** The files of a release: its dependency says its version as well, so that a mixed one gives itself away. */
export function fixtureFiles(
  version: string,
  apps: readonly AppSpec[],
  outcome: FixtureOutcome,
): Record<string, string> {
  const { install, build } = recipeOf(version);
  return {
    ...builtAppFiles({
      version,
      apps,
      variant: variantOf(outcome),
      dependencies: { dep: '1.0.0' },
      gitops: {
        install,
        build: outcome === 'build fails' ? `${build} && sleep 0.1 && exit 1` : build,
        shared: [SHARED],
        // Long where it ends early anyway: on a busy machine a program takes its time to crash.
        health: { settle: outcome.startsWith('crashes') ? '2s' : '250ms', timeout: '5s' },
        ...(outcome === 'hook hangs'
          ? { hooks: { afterActivate: 'sleep 300' }, timeouts: { hook: '400ms' } }
          : {}),
      },
    }),
    'package.json': `${JSON.stringify({ name: 'fixture', version: '1.0.0', private: true })}\n`,
    '.gitignore': `node_modules/\ndist/\n${SHARED}\n`,
    'lib/version.txt': `${version}\n`,
  };
}

/** How a release is installed and built, by the product or by hand. */
export function recipeOf(version: string): Recipe {
  return {
    install: `mkdir -p node_modules/dep && echo "module.exports={version:'${version}'}" > node_modules/dep/index.js`,
    build: 'mkdir -p dist && cp src/server.cjs dist/server.cjs',
  };
}

function variantOf(outcome: FixtureOutcome) {
  switch (outcome) {
    case 'crashes at start':
      return 'crashes at start';
    case 'crashes while settling':
      return { crashesAfterMs: 40 };
    case 'good':
    case 'build fails':
    case 'hook hangs':
      return 'good';
  }
}
