import { BIN_TICKS, CDNS, COUNTRIES, START_TICKS, TABLE, type Size } from './engine-data.ts';

/** One piece of work in both languages. The statements give the same rows; `hand` is what a person who knows DuckDB would write. */
export interface Case {
  readonly what: string;
  readonly kql: string;
  readonly hand: string;
}

type Column = (name: string) => string;

const iso = (ticks: bigint): string =>
  new Date(Number((ticks - 621_355_968_000_000_000n) / 10_000n)).toISOString().slice(0, 19) + 'Z';

/** A datetime as text, by hand: stored as ticks of 100 ns since year 1. */
const time = (ticks: string): string =>
  `strftime(make_timestamp((${ticks} - 621355968000000000) // 10), '%Y-%m-%dT%H:%M:%SZ')`;

/** Per-phase median, line, residual, Tukey's fences of p10 and p90: what series_decompose_anomalies(V, 2.5, 288, 'linefit') does. */
const decomposition = (binned: string): string => `
  WITH binned AS (${binned}),
  seasonal AS (SELECT *, v - median(v) OVER (PARTITION BY cdn, country, ix % 288) AS rest FROM binned),
  line AS (SELECT *, rest - (regr_slope(rest, ix) OVER w * ix + regr_intercept(rest, ix) OVER w) AS residual FROM seasonal WINDOW w AS (PARTITION BY cdn, country)),
  fences AS (SELECT cdn, country, quantile_cont(residual, 0.1) AS low, quantile_cont(residual, 0.9) AS high FROM line GROUP BY ALL)
  SELECT cdn, country, count(*) FILTER (WHERE residual > high + 2.5 * (high - low) / 2.772605605507915) - count(*) FILTER (WHERE residual < low - 2.5 * (high - low) / 2.772605605507915) AS anomalies
  FROM line JOIN fences USING (cdn, country) GROUP BY ALL`;

/** The work of the bench on `size`; `storage` is the table's name and `k` gives the names of its columns. */
export function cases(size: Size, storage: string, k: Column): Case[] {
  const end = START_TICKS + BigInt(size.bins) * BIN_TICKS;
  const [dayStart, dayEnd] = [end - 864_000_000_000n, end - 432_000_000_000n];
  const at = k('EventTime');
  const series = `make-series V = avg(Measure0) default = 0.0 on EventTime from datetime(${iso(START_TICKS)}) to datetime(${iso(end)}) step 5m by Cdn, Country`;
  const binned = `SELECT ${k('Cdn')} AS cdn, ${k('Country')} AS country, (${at} - ${START_TICKS}) // ${BIN_TICKS} AS ix, avg(${k('Measure0')}) AS v FROM ${storage} WHERE ${at} >= ${START_TICKS} AND ${at} < ${end} GROUP BY ALL`;
  const filled = `SELECT cdn, country, ix, coalesce(v, 0.0) AS v FROM (SELECT * FROM (SELECT DISTINCT cdn, country FROM b) CROSS JOIN range(0, ${size.bins}) AS r(ix)) LEFT JOIN b USING (cdn, country, ix)`;
  const perSeries = `${CDNS * COUNTRIES} × ${size.bins}`;
  return [
    {
      what: 'filter: half a day, one CDN, a condition on a number; five columns out',
      kql: `${TABLE} | where EventTime between (datetime(${iso(dayStart)}) .. datetime(${iso(dayEnd)})) and Cdn == 'cdn-3' and StalledMs > 1500 | project SessionId, Country, StalledMs, Bits, Measure0`,
      hand: `SELECT ${['SessionId', 'Country', 'StalledMs', 'Bits', 'Measure0'].map(k).join(', ')} FROM ${storage} WHERE ${at} BETWEEN ${dayStart} AND ${dayEnd} AND ${k('Cdn')} = 'cdn-3' AND ${k('StalledMs')} > 1500`,
    },
    {
      what: 'summarize by 5-minute bin: count and two sums',
      kql: `${TABLE} | summarize Beats = count(), Watched = sum(WatchedMs), Stalled = sum(StalledMs) by bin(EventTime, 5m)`,
      hand: `SELECT ${time(`bin * ${BIN_TICKS}`)}, n, watched, stalled FROM (SELECT ${at} // ${BIN_TICKS} AS bin, count(*) AS n, CAST(sum(${k('WatchedMs')}) AS BIGINT) AS watched, CAST(sum(${k('StalledMs')}) AS BIGINT) AS stalled FROM ${storage} GROUP BY bin)`,
    },
    {
      what: 'percentiles 50, 95, 99 of a real by CDN',
      kql: `${TABLE} | summarize percentiles(Measure0, 50, 95, 99) by Cdn`,
      hand: `SELECT cdn, q[1], q[2], q[3] FROM (SELECT ${k('Cdn')} AS cdn, quantile_disc(${k('Measure0')}, [0.5, 0.95, 0.99]) AS q FROM ${storage} GROUP BY 1)`,
    },
    {
      what: `make-series ${perSeries} points, arrays out`,
      kql: `${TABLE} | ${series} | project Cdn, Country, V`,
      hand: `WITH b AS MATERIALIZED (${binned}) SELECT cdn, country, CAST(to_json(list(v ORDER BY ix)) AS VARCHAR) FROM (${filled}) GROUP BY ALL`,
    },
    {
      what: `the same and series_decompose_anomalies, anomalies counted`,
      kql: `${TABLE} | ${series} | extend (Flag, Score, Baseline) = series_decompose_anomalies(V, 2.5, 288, 'linefit') | project Cdn, Country, Anomalies = array_sum(Flag)`,
      hand: decomposition(`WITH b AS MATERIALIZED (${binned}) ${filled}`),
    },
  ];
}

/** The same query without the decomposition: the series are made and measured. */
export const undecomposed = (query: string): string =>
  query.replace(/\| extend \(Flag[^|]*/, '').replace('Anomalies = array_sum(Flag)', 'Points = array_length(V)');
