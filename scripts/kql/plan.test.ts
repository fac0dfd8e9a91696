import { describe, expect, it } from 'vitest';
import { commandsOf, tableColumns, type Command } from './commands.ts';
import { planOf, type Difference } from './plan.ts';
import { wantedPolicy } from './policies.ts';
import type { ClusterState } from './state.ts';

const EMPTY: ClusterState = {
  tables: new Map(),
  functions: new Map(),
  views: new Map(),
  mappings: new Map(),
  policies: new Map(),
};
const one = (text: string): Command => {
  const [command] = commandsOf(text, 'x.kql');
  if (!command) throw new Error('no command');
  return command;
};
const plan = (text: string, state: Partial<ClusterState>): Difference['action'] | undefined =>
  planOf([one(text)], { ...EMPTY, ...state })[0]?.action;

const table = (columns: Record<string, string>): ClusterState['tables'] =>
  new Map([
    [
      'T',
      { columns: new Map(Object.entries(columns)), docstring: 'It’s "T"', columnDocstrings: new Map([['A', 'a']]) },
    ],
  ]);

describe('tables', () => {
  const text = '.create-merge table T (\n    A: string,\n    B: real\n)';

  it('reads columns', () =>
    expect([...tableColumns(one(text))]).toEqual([
      ['A', 'string'],
      ['B', 'real'],
    ]));

  it.each([
    ['a missing table is created', {}, 'create'],
    ['a missing column is added', { A: 'string' }, 'change'],
    ['the same is left alone', { A: 'string', B: 'real' }, 'same'],
    ['another type is refused', { A: 'string', B: 'long' }, 'refuse'],
    ['a column that only the cluster has is refused', { A: 'string', B: 'real', C: 'int' }, 'refuse'],
  ])('%s', (_, columns, action) => {
    expect(plan(text, Object.keys(columns).length === 0 ? {} : { tables: table(columns) })).toBe(action);
  });

  it('docstrings with quotes compare as text', () => {
    expect(plan(String.raw`.alter-merge table T docstring "It’s \"T\""`, { tables: table({ A: 'string' }) })).toBe(
      'same',
    );
    expect(plan('.alter-merge table T column-docstrings (\n    A: "b"\n)', { tables: table({ A: 'string' }) })).toBe(
      'change',
    );
  });
});

describe('views', () => {
  const view = (query: string): string =>
    `.create-or-alter materialized-view with (docstring = "d")\nV_v1 on table T\n{\n    ${query}\n}`;
  const state = { views: new Map([['V_v1', 'T | summarize Sum = sum(B) by A, bin(C, 1m)']]) };

  it('blanks and comments make no difference', () =>
    expect(plan(view('T // source\n    | summarize Sum = sum(B)\n      by A, bin(C, 1m)'), state)).toBe('same'));
  it('another aggregate is a change', () =>
    expect(plan(view('T | summarize Sum = sum(B), Count = count() by A, bin(C, 1m)'), state)).toBe('change'));
  it('another group-by is refused', () =>
    expect(plan(view('T | summarize Sum = sum(B) by A, D, bin(C, 1m)'), state)).toBe('refuse'));
});

describe('policies', () => {
  const command = one('.alter-merge table T policy retention softdelete = 90d recoverability = enabled');

  it('a policy is compared by what it asks for, not by what else the cluster tells', () => {
    const policies = (days: number): ClusterState['policies'] =>
      new Map([['table T retention', `{"SoftDeletePeriod":"${days}.00:00:00","Recoverability":"Enabled","Extra":1}`]]);
    expect(planOf([command], { ...EMPTY, policies: policies(90) })[0]?.action).toBe('same');
    expect(planOf([command], { ...EMPTY, policies: policies(30) })[0]?.action).toBe('change');
    expect(planOf([command], EMPTY)[0]?.action).toBe('create');
  });

  it('one that could not be compared is an error, not a guess', () => {
    expect(() => wantedPolicy(one('.alter table T policy sharding disable'))).toThrow('x.kql:1');
  });
});

describe('functions', () => {
  const text =
    '.create-or-alter function with (folder = "F", docstring = "D.")\nf(a: datetime, b: string = "x")\n{\n    print a // why\n}';
  const held = { parameters: "(a:datetime, b:string='x')", body: '{ print a }', folder: 'F', docstring: 'D.' };

  it('spelling of parameters, blanks and comments make no difference', () =>
    expect(plan(text, { functions: new Map([['f', held]]) })).toBe('same'));
  it.each([{ body: '{ print b }' }, { parameters: '(a:datetime)' }, { docstring: '' }])('%o is a change', (other) => {
    expect(plan(text, { functions: new Map([['f', { ...held, ...other }]]) })).toBe('change');
  });
});
