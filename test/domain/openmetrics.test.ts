import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { chooseFormat, renderFamilies, type Family, type Format } from '../../src/domain/openmetrics.js';
import { readExposition } from './exposition.js';

const FORMATS = ['openmetrics', 'text'] as const;
const FAMILIES: readonly Family[] = [
  {
    ...{ name: 'shop', type: 'info', unit: null, help: 'A "quoted" \\ help\nof two lines.' },
    samples: [{ labels: { name: 'a "b" \\ c\nd', empty: '' }, value: 1 }],
  },
  {
    ...{ name: 'shop_cpu_seconds', type: 'counter', unit: 'seconds', help: 'CPU.' },
    samples: [{ labels: {}, value: 1.5 }],
  },
  { name: 'shop_none', type: 'gauge', unit: null, help: 'Nothing to tell.', samples: [] },
  {
    ...{ name: 'shop_open', type: 'gauge', unit: null, help: 'Open.' },
    samples: [
      { labels: { door: 'a' }, value: 0 },
      { labels: { door: 'b' }, value: -1e-9 },
    ],
  },
];

test('families are told as OpenMetrics 1.0.0 wants them', () => {
  assert.equal(
    renderFamilies(FAMILIES, 'openmetrics'),
    [
      '# HELP shop A \\"quoted\\" \\\\ help\\nof two lines.',
      '# TYPE shop info',
      'shop_info{name="a \\"b\\" \\\\ c\\nd",empty=""} 1',
      '# HELP shop_cpu_seconds CPU.',
      '# TYPE shop_cpu_seconds counter',
      '# UNIT shop_cpu_seconds seconds',
      'shop_cpu_seconds_total 1.5',
      '# HELP shop_open Open.',
      '# TYPE shop_open gauge',
      'shop_open{door="a"} 0',
      'shop_open{door="b"} -1e-9',
      '# EOF',
      '',
    ].join('\n'),
  );
});

test('and as the older text format wants them', () => {
  assert.equal(
    renderFamilies(FAMILIES.slice(0, 2), 'text'),
    [
      '# HELP shop_info A "quoted" \\\\ help\\nof two lines.',
      '# TYPE shop_info gauge',
      'shop_info{name="a \\"b\\" \\\\ c\\nd",empty=""} 1',
      '# HELP shop_cpu_seconds_total CPU.',
      '# TYPE shop_cpu_seconds_total counter',
      'shop_cpu_seconds_total 1.5',
      '',
    ].join('\n'),
  );
});

test('any text of a label or a help, and any value, is read back as it was', () => {
  const text = fc.string({ unit: 'grapheme' });
  const sample = fc.record({
    labels: fc.dictionary(fc.constantFrom('a', 'b_2', '_c'), text),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  });
  const families = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c_d').map((name) => `shop_${name}_seconds`),
      type: fc.constantFrom('gauge', 'counter', 'info'),
      unit: fc.constant('seconds' as const),
      help: text,
      samples: fc.array(sample, { minLength: 1 }),
    }),
    { selector: ({ name }) => name },
  );
  const readAs = (family: Family, format: Format): unknown => {
    const name = format === 'openmetrics' ? family.name : renderedName(family);
    const type = family.type === 'info' && format === 'text' ? 'gauge' : family.type;
    const samples = family.samples.map(({ labels, value }) => ({ labels: { ...labels }, value: value + 0 }));
    return { ...family, name, type, samples, unit: format === 'openmetrics' ? family.unit : null };
  };
  fc.assert(
    fc.property(families, fc.constantFrom(...FORMATS), (some, format) => {
      if (some.length === 0) return;
      const read = readExposition(renderFamilies(some, format), format);
      assert.deepEqual(
        read,
        some.map((family) => readAs(family, format)),
      );
    }),
  );
});

function renderedName({ name, type }: Family): string {
  return `${name}${{ gauge: '', counter: '_total', info: '_info' }[type]}`;
}

test('OpenMetrics is told to whoever names it, unless text is dearer to them', () => {
  const table: [string, Format][] = [
    ['', 'text'],
    ['*/*', 'text'],
    ['text/html, */*;q=0.8', 'text'],
    ['application/openmetrics-text', 'openmetrics'],
    ['Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8', 'openmetrics'],
    ['application/openmetrics-text;q=0', 'text'],
    ['application/openmetrics-text;q=0.4,text/plain;version=0.0.4;q=0.5', 'text'],
    ['application/openmetrics-text;q=x, text/plain', 'text'],
    // What Prometheus itself asks.
    [
      'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
      'openmetrics',
    ],
  ];
  for (const [accept, format] of table) assert.equal(chooseFormat(accept), format, accept);
});
