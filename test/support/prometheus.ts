// A strict reader of the Prometheus text format, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/
// It refuses what a scraper may forgive: samples without HELP and TYPE, families in pieces, repeated or unescaped labels.

export interface Family {
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Labels as `{a="b"}` in the order sent, or '' → value. */
  readonly samples: ReadonlyMap<string, number>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"`;
const HELP = new RegExp(String.raw`^# HELP (${NAME}) ((?:[^\\]|\\[\\n])+)$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge)$`);
const SAMPLE = new RegExp(String.raw`^(${NAME})(\{${LABEL}(?:,${LABEL})*\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$`, 'i');

/** @throws Error naming the line that is not in the format */
export function readPrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no newline');
  const families = new Map<string, { type: 'counter' | 'gauge'; help: string; samples: Map<string, number> }>();
  let current = '';
  let help: readonly [name: string, text: string] | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const fail = (what: string): Error => new Error(`${what}: ${line}`);
    const [, helped, words = ''] = HELP.exec(line) ?? [];
    if (helped !== undefined) {
      if (families.has(helped)) throw fail('a family in two pieces');
      help = [helped, words];
      continue;
    }
    const [, typed, type] = TYPE.exec(line) ?? [];
    if (typed !== undefined) {
      if (help?.[0] !== typed) throw fail('TYPE without HELP before it');
      if (type === 'counter' && !typed.endsWith('_total')) throw fail('a counter whose name does not end in _total');
      families.set(typed, { type: type as 'counter' | 'gauge', help: help[1], samples: new Map() });
      current = typed;
      continue;
    }
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
    const family = name === current ? families.get(current) : undefined;
    if (!family) throw fail(name === undefined ? 'not a sample' : 'a sample outside its family');
    const names = [...labels.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="/g)].map(([, label]) => label);
    if (new Set(names).size !== names.length) throw fail('a label twice');
    if (family.samples.has(labels)) throw fail('a sample twice');
    if (family.type === 'counter' && Number(value) < 0) throw fail('a counter below 0');
    family.samples.set(labels, Number(value));
  }
  const empty = [...families].find(([, { samples }]) => samples.size === 0);
  if (empty) throw new Error(`a family without samples: ${empty[0]}`);
  return families;
}
