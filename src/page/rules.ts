import { html, type Markup } from './html.js';
import { commitMark } from './marks.js';
import { moment } from './moments.js';
import type { RootFacts, Telling } from './view.js';

/** What the machine follows, and who says so. */
export function rulesSection({ rules, status }: RootFacts, telling: Telling): Markup {
  const rows = rules.map(
    ({ rule, value, from, counts }) =>
      html`<dt>${rule}</dt>
        <dd>
          ${counts ? value : html`<s>${value}</s>`}
          <span class="quiet">${from}${counts ? '' : ', overruled'}</span>
        </dd>`,
  );
  return html`<h3>Rules</h3>
    <dl class="facts">${policyRow(status.policy, telling)}${rows}</dl>`;
}

function policyRow(policy: RootFacts['status']['policy'], telling: Telling): Markup | null {
  if (policy === null) return null;
  const { version, commit, group, expires, problem } = policy;
  const what =
    version === null || commit === null
      ? 'could not be read yet'
      : html`version ${version} ${commitMark(commit)},
        ${group === null ? 'in no group' : `group ${group}`}${expires === null ? null : html`, expires ${moment(expires, telling)}`}`;
  return html`<dt>policy</dt>
    <dd>${what}${problem === null ? null : html`<br />${problem}`}</dd>`;
}
