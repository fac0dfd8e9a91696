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

interface Open {
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: Map<string, number>;
}

function addSample(family: Open, labels: string, value: number): void {
  const names = [...labels.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="/g)].map(([, label]) => label);
  if (new Set(names).size !== names.length) throw new Error(`a label twice: ${labels}`);
  if (family.samples.has(labels)) throw new Error(`a sample twice: ${labels}`);
  if (family.type === 'counter' && value < 0) throw new Error('a counter below 0');
  family.samples.set(labels, value);
}

function beginFamily(
  line: string,
  help: readonly [name: string, text: string] | undefined,
): [string, Open] | undefined {
  const [, name, type] = TYPE.exec(line) ?? [];
  if (name === undefined) return undefined;
  if (help?.[0] !== name) throw new Error(`TYPE without HELP before it: ${line}`);
  if (type === 'counter' && !name.endsWith('_total')) throw new Error(`a counter must end in _total: ${line}`);
  return [name, { type: type as Open['type'], help: help[1], samples: new Map() }];
}

/** @throws Error naming what is not in the format */
export function readPrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no newline');
  const families = new Map<string, Open>();
  let current = '';
  let help: readonly [name: string, text: string] | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const [, helped, words = ''] = HELP.exec(line) ?? [];
    if (helped !== undefined) {
      if (families.has(helped)) throw new Error(`a family in two pieces: ${line}`);
      help = [helped, words];
      continue;
    }
    const begun = beginFamily(line, help);
    if (begun) {
      families.set(...begun);
      [current] = begun;
      continue;
    }
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
    const family = name === current ? families.get(current) : undefined;
    if (!family) throw new Error(`not a sample of the family above: ${line}`);
    addSample(family, labels, Number(value));
  }
  const empty = [...families].find(([, { samples }]) => samples.size === 0);
  if (empty) throw new Error(`a family without samples: ${empty[0]}`);
  return families;
}
