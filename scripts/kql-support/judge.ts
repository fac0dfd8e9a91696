// Asks the engine itself: compiles a probe and runs it on a DuckDB in memory.
import { answer, openEngine } from '../../local/kusto/conformance/engine.ts';
import type { KnownFunction, KnownParameter } from '../../local/kusto/parser/known-names.ts';
import { KustoError, PHYSICAL, type Catalog } from '../../local/kusto/types.ts';
import { PROBE_ROW, PROBE_TABLE, samplesOf } from './samples.ts';

/** `invalid`: the parser does not take the probe, so it says nothing about the engine. */
export type Verdict =
  | { readonly status: 'supported' }
  | { readonly status: 'refused' | 'failed' | 'invalid'; readonly reason: string };

export interface FunctionSupport {
  readonly name: string;
  readonly status: 'supported' | 'partly' | 'refused';
  /** The call that was answered, or the first that was refused. */
  readonly example: string;
  /** Forms of the signature that are refused though another is answered. */
  readonly refusedForms: readonly string[];
  readonly reason: string;
}

const CATALOG: Catalog = { database: 'probe', version: 1, tables: [PROBE_TABLE], functions: [] };

const brief = (message: string): string =>
  message
    .replace(/^Not supported: /, '')
    .replace(/; nearest supported: .*?(?= \[line|$)/, '')
    .replace(/ ?\[line:position=\d+:\d+\]/, '')
    .split('\n')[0]
    ?.slice(0, 140) ?? '';

type Connection = Awaited<ReturnType<typeof openEngine>>;

export class Judge {
  private readonly connection: Connection;
  private constructor(connection: Connection) {
    this.connection = connection;
  }

  static async open(): Promise<Judge> {
    const connection = await openEngine();
    const columns = [...PROBE_TABLE.columns.map(({ type }, i) => `c${i} ${PHYSICAL[type]}`), '_at BIGINT'];
    await connection.run(`CREATE TABLE ${PROBE_TABLE.relation} (${columns.join(', ')})`);
    await connection.run(`INSERT INTO ${PROBE_TABLE.relation} VALUES (${PROBE_ROW})`);
    return new Judge(connection);
  }

  close(): void {
    this.connection.closeSync();
  }

  async query(query: string): Promise<Verdict> {
    try {
      await answer(this.connection, query, CATALOG);
      return { status: 'supported' };
    } catch (error) {
      if (!(error instanceof KustoError)) return { status: 'failed', reason: brief(String(error)) };
      const status = error.code === 'SYN' || error.code === 'SEM' ? 'invalid' : 'refused';
      return { status, reason: brief(error.message) };
    }
  }

  /** Tries every form of every signature; `wrap` makes a query of a call. */
  async function(known: KnownFunction, wrap: (call: string) => string): Promise<FunctionSupport> {
    const outcomes: { call: string; verdict: Verdict }[] = [];
    for (const form of formsOf(known)) {
      const outcome = await this.form(known.name, form, wrap);
      outcomes.push(outcome);
      if ('reason' in outcome.verdict && outcome.verdict.reason === `function ${known.name}()`) break;
    }
    const good = outcomes.find(({ verdict }) => verdict.status === 'supported');
    const bad = outcomes.filter(({ verdict }) => verdict.status === 'refused' || verdict.status === 'failed');
    const first = good ?? bad[0] ?? outcomes[0] ?? { call: `${known.name}()`, verdict: NOT_CALLABLE };
    return {
      name: known.name,
      status: !good ? 'refused' : bad.length > 0 ? 'partly' : 'supported',
      example: first.call,
      refusedForms: good ? [...new Set(bad.map(({ call }) => call))] : [],
      reason: good ? '' : 'reason' in first.verdict ? first.verdict.reason : '',
    };
  }

  /** The first sample values that are answered; else the first refusal that is not the parser's. */
  private async form(
    name: string,
    form: readonly KnownParameter[],
    wrap: (call: string) => string,
  ): Promise<{ call: string; verdict: Verdict }> {
    let best: { call: string; verdict: Verdict } | undefined;
    for (const values of assignments(form)) {
      const call = `${name}(${values.join(', ')})`;
      const verdict = await this.query(wrap(call));
      if (verdict.status === 'supported') return { call, verdict };
      // Not in the engine's registry: no other value can change that.
      if (verdict.status === 'refused' && verdict.reason === `function ${name}()`) return { call, verdict };
      if (!best || (best.verdict.status === 'invalid' && verdict.status !== 'invalid')) best = { call, verdict };
    }
    return best ?? { call: `${name}()`, verdict: NOT_CALLABLE };
  }
}

const NOT_CALLABLE: Verdict = { status: 'invalid', reason: 'no sample values fit' };

/** With the parameters that must be given, and with all of them. */
function formsOf(known: KnownFunction): KnownParameter[][] {
  return known.signatures.flatMap((signature) => {
    const least = signature.flatMap((one) => Array.from({ length: one.least }, () => one));
    const all = signature.flatMap((one) => Array.from({ length: Math.max(1, one.least) }, () => one));
    return all.length > least.length ? [least, all] : [least];
  });
}

/** Units to convert come in eight kinds; elsewhere the right value is among the first. */
const mostAssignments = (form: readonly KnownParameter[]): number =>
  form.some(({ name }) => name === 'from' || name === 'to') ? 16 : 8;

/** Sample values: the likely ones, then one parameter changed at a time, then all to their n-th sample. */
function assignments(form: readonly KnownParameter[]): string[][] {
  const choices = form.map(samplesOf);
  const first = choices.map((list) => list[0] ?? '1');
  const single = choices.flatMap((list, i) => list.slice(1, 4).map((value) => first.with(i, value)));
  const together = [1, 2, 3, 4, 5, 6, 7, 8].map((n) =>
    choices.map((list) => list[Math.min(n, list.length - 1)] ?? '1'),
  );
  const seen = new Set<string>();
  return [first, ...together, ...single]
    .filter((values) => !seen.has(values.join()) && seen.add(values.join()))
    .slice(0, mostAssignments(form));
}
