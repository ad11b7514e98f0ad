/**
 * What a live page does in the browser: it puts the parts that have changed in the place of what they were, and leaves alone what a person has opened,
 * reached or read to. Without it the page tells the same when it is loaded again.
 */
export const SCRIPT = `(() => {
  'use strict';
  const byId = (id) => document.getElementById(id);
  const [main, live, said] = [byId('main'), byId('live'), byId('said')];
  const place = (markup) => {
    const holder = document.createElement('template');
    holder.innerHTML = markup;
    const fresh = holder.content.firstElementChild;
    const old = byId(fresh.id);
    if (old === null) return location.reload();
    const reached = document.activeElement === null ? '' : document.activeElement.id;
    const logs = [];
    for (const element of old.querySelectorAll('details[id], .log')) {
      const twin = fresh.querySelector('#' + CSS.escape(element.id));
      if (twin === null) continue;
      if (element.localName === 'details') twin.open = element.open;
      else logs.push([twin, element.scrollHeight - element.scrollTop - element.clientHeight < 8 ? Infinity : element.scrollTop]);
    }
    old.replaceWith(fresh);
    for (const [log, top] of logs) log.scrollTop = Math.min(top, log.scrollHeight);
    if (reached !== '' && document.activeElement === document.body && byId(reached) !== null) byId(reached).focus({ preventScroll: true });
  };
  const source = new EventSource('events?known=' + main.dataset.version);
  source.addEventListener('page', ({ data }) => {
    const { title, asOf, parts } = JSON.parse(data);
    parts.forEach(place);
    byId('as-of').textContent = asOf;
    if (document.title === title) return;
    document.title = title;
    said.textContent = title;
  });
  source.addEventListener('open', () => { live.textContent = 'live, '; });
  source.addEventListener('error', () => {
    live.textContent = source.readyState === EventSource.CLOSED ? 'not live: load it again; ' : 'connecting again; ';
  });
  for (const log of document.querySelectorAll('details[open] .log')) log.scrollTop = log.scrollHeight;
})();`;
