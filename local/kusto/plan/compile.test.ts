import type { DuckDBConnection } from '@duckdb/node-api';
import { beforeAll, describe, expect, test } from 'vitest';
import { answer, EMPTY_CATALOG, openEngine } from '../conformance/engine.ts';
import { KustoError, type Catalog } from '../types.ts';
import { compileQuery } from './compile.ts';

let connection: DuckDBConnection;

beforeAll(async () => {
  connection = await openEngine();
  await connection.run(
    `CREATE TABLE t_beats (c0 BIGINT, c1 VARCHAR, c2 DOUBLE, c3 VARCHAR); INSERT INTO t_beats VALUES
     (638397504000000000, 'a', 10, '{"edge":{"pop":"FRA"}}'), (638397507000000000, 'b', 20, NULL), (638397510000000000, 'a', NULL, '{"edge":{"pop":"AMS"}}')`,
  );
}, 60_000);

const CATALOG: Catalog = {
  database: 'lab',
  version: 1,
  tables: [
    {
      name: 'Beats',
      relation: 't_beats',
      columns: [
        { name: 'Ts', type: 'datetime' },
        { name: 'Cdn', type: 'string' },
        { name: 'kbps', type: 'real' },
        { name: 'Props', type: 'dynamic' },
      ],
    },
    { name: 'BeatsView', relation: 't_beats', isView: true, columns: [{ name: 'Ts', type: 'datetime' }] },
  ],
  functions: [
    {
      name: 'Since',
      parameters: '(start:datetime, width:timespan=5m)',
      body: '{ Beats | where Ts >= start | summarize n=count() by bin(Ts, width) }',
    },
    { name: 'Twice', parameters: '(x:long)', body: '{ let two = 2; x * two }' },
    {
      name: 'Chosen',
      parameters: '(cdns:dynamic=dynamic(["*"]))',
      body: '{ Beats | where array_index_of(cdns, "*") >= 0 or Cdn in (cdns) }',
    },
    { name: 'Loud', parameters: '(T:(kbps:real), least:real)', body: '{ T | where kbps >= least }' },
  ],
};

const NOW = new Date('2026-02-03T04:05:06Z');

async function rows(query: string): Promise<unknown[]> {
  const given = await answer(connection, query, CATALOG, NOW);
  return given.rows.map((row) => JSON.parse(row) as unknown);
}

async function names(query: string): Promise<string[]> {
  return (await answer(connection, query, CATALOG, NOW)).columns.map((column) => column.name);
}

function refusal(query: string): KustoError {
  try {
    compileQuery(query, CATALOG, { now: NOW });
  } catch (error) {
    if (error instanceof KustoError) return error;
  }
  throw new Error('not refused');
}

const CASES: Readonly<Record<string, readonly [string, unknown[]][]>> = {
  'columns of the table': [
    ['Beats | where Cdn == "a" | count', [[2]]],
    [
      'Beats | where kbps > 5 | project Cdn, twice = kbps * 2 | sort by twice desc',
      [
        ['b', 40],
        ['a', 20],
      ],
    ],
    [
      'Beats | extend Cdn = toupper(Cdn) | project-away Ts, Props | sort by Cdn asc, kbps asc',
      [
        ['A', null],
        ['A', 10],
        ['B', 20],
      ],
    ],
    ['Beats | project-rename Edge = Cdn | distinct Edge | sort by Edge asc', [['a'], ['b']]],
    ['Beats | top 1 by kbps | project Cdn', [['b']]],
    ['Beats | where tostring(Props.edge.pop) == "FRA" | project Cdn, Props.edge', [['a', { pop: 'FRA' }]]],
    ["materialized_view('BeatsView') | count", [[3]]],
    ['Beats | project Ts | getschema | project ColumnName, ColumnType', [['Ts', 'datetime']]],
  ],
  'dates as ticks': [
    ['print datetime(2024-01-01) + 1tick', [['2024-01-01T00:00:00.0000001Z']]],
    ['print bin(datetime(2024-01-01 10:07), 5m), bin(-7, 5), bin(7.9, 2.5)', [['2024-01-01T10:05:00Z', -10, 7.5]]],
    ['print datetime(2024-03-01) - datetime(2024-02-01), 90m / 1h, 1h * 1.5', [['29.00:00:00', 1.5, '01:30:00']]],
    [
      'print startofweek(datetime(2024-01-03)), endofmonth(datetime(2024-02-10)), dayofweek(datetime(2024-01-03))',
      [['2023-12-31T00:00:00Z', '2024-02-29T23:59:59.9999999Z', '3.00:00:00']],
    ],
    [
      "print datetime_diff('month', datetime(2024-03-01), datetime(2023-12-31)), datetime_diff('hour', datetime(2024-01-01 01:00), datetime(2024-01-01 00:59))",
      [[3, 1]],
    ],
    ['print now(), ago(1d), now(-1h)', [['2026-02-03T04:05:06Z', '2026-02-02T04:05:06Z', '2026-02-03T03:05:06Z']]],
    [
      'print todatetime("2024-05-06 07:08:09.1234567"), todatetime("nonsense"), totimespan("1.02:03:04")',
      [['2024-05-06T07:08:09.1234567Z', null, '1.02:03:04']],
    ],
  ],
  numbers: [
    ['print 7 / 2, -7 % 3, 7 / 2.0, 1 / 0', [[3, 2, 3.5, null]]],
    ['print tolong("12x"), tolong(" 12 "), toint(2.9), toreal("x"), tolong(dynamic(12.7))', [[null, 12, 2, null, 12]]],
    ['print 9007199254740993 + 0, max_of(int(null), 3), round(2.5), round(1.25, 1)', [[9007199254740992, 3, 3, 1.3]]],
  ],
  text: [
    [
      'print t="a_b-c d" | project t has "b", t has "b-c", t has "a_", t contains "B-", t contains_cs "B-", t hasprefix "a", t hassuffix "d"',
      [[true, true, true, true, false, true, true]],
    ],
    [
      'print "abc" =~ "ABC", "abc" in~ ("ABC", "x"), "abc" !in ("abc"), "x" has_any ("y", "x"), "x y" has_all ("y", "x")',
      [[true, true, false, true, true]],
    ],
    [
      'print substring("hello", 1, 3), substring("hello", -3), split("a,b,,c", ","), strcat("a", 1, true, 2.0)',
      [['ell', 'llo', ['a', 'b', '', 'c'], 'a1True2.0']],
    ],
    [
      'print isempty(""), isnull(""), coalesce("", "b"), strlen("äöü"), replace_string("aXb", "X", "-")',
      [[true, false, 'b', 3, 'a-b']],
    ],
    ['print extract(@"(\\d+)-(\\d+)", 2, "x 12-34"), extract(@"(\\d+)", 1, "a7", typeof(long))', [['34', 7]]],
  ],
  dynamic: [
    [
      'print d=dynamic({"a":[1,{"b":null}]}) | project d.a[0], d.a[-1].b, array_length(d.a), gettype(d), tostring(d)',
      [[1, null, 2, 'dictionary', '{"a":[1,{"b":null}]}']],
    ],
    [
      'print parse_json("[1, 2"), parse_json("{\\"x\\": 1.0}").x, bag_pack("k", 1, "l", datetime(2024-01-01))',
      [['[1, 2', 1.0, { k: 1, l: '2024-01-01T00:00:00.0000000Z' }]],
    ],
    ['print x = range(1, 4) | mv-expand x to typeof(long) | summarize sum(x)', [[10]]],
    ['datatable(a:dynamic)[dynamic([]), dynamic(null), dynamic([7])] | mv-expand a', [[null], [7]]],
    ['print k = "b", d = dynamic({"b": 5}) | project d[k]', [[5]]],
  ],
  summaries: [
    [
      'Beats | summarize n=count(), s=sum(kbps), avg(kbps), list=make_list(Cdn) by Cdn | project Cdn, n, s, avg_kbps | sort by Cdn asc',
      [
        ['a', 2, 10, 10],
        ['b', 1, 20, 20],
      ],
    ],
    [
      'datatable(x:long)[] | summarize sum(x), avg(x), min(x), count(), make_list(x), stdev(x)',
      [[0, 'NaN', null, 0, [], 0]],
    ],
    ['range x from 1 to 10 step 1 | summarize percentiles(x, 25, 50, 95), percentile(x, 100)', [[3, 5, 10, 10]]],
    [
      'Beats | summarize arg_max(kbps, Cdn), arg_min(Ts, *)',
      [[20, 'b', '2024-01-02T00:00:00Z', 'a', 10, { edge: { pop: 'FRA' } }]],
    ],
    [
      'range x from 1 to 4 step 1 | summarize percentilew(x, 5 - x, 50), sumif(x, x > 2), countif(x % 2 == 0), set=array_sort_asc(make_set(x / 3))',
      [[2, 7, 2, [0, 1]]],
    ],
    ['range x from 1 to 3 step 1 | sort by x desc | summarize make_list(x)', [[[3, 2, 1]]]],
  ],
  joins: [
    ['Beats | join kind=inner (Beats | project Cdn, other = kbps) on Cdn | summarize count()', [[5]]],
    [
      'Beats | lookup (datatable(Cdn:string, n:string)["a", "one"]) on Cdn | project Cdn, n | sort by Cdn asc, n asc | take 9',
      [
        ['a', 'one'],
        ['a', 'one'],
        ['b', ''],
      ],
    ],
    ['datatable(k:long)[1, 2] | join kind=leftanti (datatable(q:long)[2]) on $left.k == $right.q', [[1]]],
    ['datatable(k:long)[1, long(null)] | join kind=inner (datatable(k:long)[1, long(null)]) on k | count', [[2]]],
    [
      'union withsource=s (print a=1), (print b="x") | project s, a, b | sort by s asc',
      [
        ['union_arg0', 1, ''],
        ['union_arg1', null, 'x'],
      ],
    ],
  ],
  'functions and lets': [
    ['Since(datetime(2024-01-02)) | summarize sum(n)', [[3]]],
    ['Since(datetime(2024-01-02 00:05), width=1h) | project n', [[2]]],
    ['print Twice(21)', [[42]]],
    ['Chosen() | count', [[3]]],
    ['Chosen(dynamic(["b"])) | project Cdn', [['b']]],
    ['Beats | invoke Loud(15.0) | project Cdn', [['b']]],
    ['let f = (x:long, y:long = 10) { x + y }; print f(1), f(1, 2)', [[11, 3]]],
    ['let m = toscalar(Beats | summarize max(kbps)); Beats | where kbps == m | project Cdn', [['b']]],
    ['let M = materialize(Beats | where Cdn == "a"); M | join kind=inner M on Ts | count', [[2]]],
    ['declare query_parameters(least:real = 15.0); Beats | where kbps > least | count', [[1]]],
    ['let kbps = 5; Beats | where kbps > 15 | count', [[1]]],
  ],
  'rows in order': [
    [
      'range x from 1 to 4 step 1 | extend p = prev(x), n = next(x, 1, -1), c = row_cumsum(x), r = row_number()',
      [
        [1, null, 2, 1, 1],
        [2, 1, 3, 3, 2],
        [3, 2, 4, 6, 3],
        [4, 3, -1, 10, 4],
      ],
    ],
    ['datatable(x:real)[1.0, real(null), real(nan), 2.0] | sort by x asc', [[null], ['NaN'], [1], [2]]],
    ['datatable(x:real)[1.0, real(null), real(nan), 2.0] | sort by x desc', [[2], [1], ['NaN'], [null]]],
    [
      'datatable(g:string, v:dynamic)["a", dynamic([3, 1]), "b", dynamic([5])] | mv-apply x = v to typeof(long) on (top 1 by x desc) | project g, x | sort by g asc',
      [
        ['a', 3],
        ['b', 5],
      ],
    ],
    [
      'datatable(g:string, v:long)["a", 3, "a", 1, "b", 2] | partition hint.strategy=native by g (top 1 by v desc) | sort by g asc',
      [
        ['a', 3],
        ['b', 2],
      ],
    ],
    [
      'datatable(t:datetime)[datetime(2024-01-01 00:00), datetime(2024-01-01 00:20), datetime(2024-01-01 00:55)] | sort by t asc | extend s = row_window_session(t, 1h, 30m)',
      [
        ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z'],
        ['2024-01-01T00:20:00Z', '2024-01-01T00:00:00Z'],
        ['2024-01-01T00:55:00Z', '2024-01-01T00:55:00Z'],
      ],
    ],
  ],
  parsing: [
    [
      'print t = "id=7, name=x y; end" | parse t with "id=" id:long ", name=" name ";" * | project id, name',
      [[7, 'x y']],
    ],
    ['print t = "id=q, name=x;" | parse t with "id=" id:long ", name=" name ";" * | project id, name', [[null, '']]],
    [
      'print t = "a=1|b=z" | parse-kv t as (a:long, b:string) with (pair_delimiter="|", kv_delimiter="=") | project a, b',
      [[1, 'z']],
    ],
  ],
};

for (const [topic, list] of Object.entries(CASES)) {
  describe(topic, () => {
    test.each(list)('%s', { timeout: 30_000 }, async (query, expected) => {
      expect(await rows(query)).toEqual(expected);
    });
  });
}

test('elements keep the order of their array below a sort', async () => {
  const query =
    'range g from 1 to 3 step 1 | extend x = range(1, 4000) | sort by g desc | mv-expand x to typeof(long) | project g, x';
  const given = (await rows(query)) as [number, number][];
  expect(given).toHaveLength(12_000);
  expect(given.every(([g, x], i) => g === 3 - Math.floor(i / 4000) && x === (i % 4000) + 1)).toBe(true);
});

test('names of unnamed columns are those that Kusto makes up', async () => {
  expect(
    await names('Beats | summarize count(), avg(kbps), percentile(kbps, 95), dcount(Cdn) by bin(Ts, 1h), Cdn'),
  ).toEqual(['Ts', 'Cdn', 'count_', 'avg_kbps', 'percentile_kbps_95', 'dcount_Cdn']);
  expect(await names('print 1, x = 2, strlen("a")')).toEqual(['print_0', 'x', 'print_2']);
});

test('the same query with other times uses the kept tree and answers for its own times', async () => {
  const query = (day: string): string =>
    `print d = datetime(${day}), s = "datetime(2020-01-01)" | where d > datetime(2024-01-01)`;
  expect(await rows(query('2024-05-01'))).toEqual([['2024-05-01T00:00:00Z', 'datetime(2020-01-01)']]);
  expect(await rows(query('2024-06-02 01:00'))).toEqual([['2024-06-02T01:00:00Z', 'datetime(2020-01-01)']]);
  expect(await rows(query('2023-06-02'))).toEqual([]);
});

test('places of errors are those of the text as given, behind a datetime literal too', () => {
  expect(refusal('Beats | where Ts > datetime(2024-01-01) and Nope == 1').column).toBe(45);
  expect(refusal('print datetime(2024-01-01), gzip_compress_to_base64_string("x")').column).toBe(29);
});

test('a session of scan ends where its step says, in every part alone', async () => {
  const query = `datatable(u:string, t:timespan)["a", 0m, "a", 10m, "a", 45m, "b", 50m, "b", 51m] | sort by u asc, t asc
    | partition hint.strategy=native by u (sort by t asc
    | scan with_match_id=m declare (began:timespan) with (step s: true => began = iff(isnull(s.began), t, s.began); step e output=none: t - s.began > 30m;))
    | project u, t, m | sort by u asc, t asc`;
  expect(await rows(query)).toEqual([
    ['a', '00:00:00', 0],
    ['a', '00:10:00', 0],
    ['a', '00:45:00', 1],
    ['b', '00:50:00', 0],
    ['b', '00:51:00', 0],
  ]);
});

test('column names differ by case only and stay apart', async () => {
  expect(await rows('print a = 1, A = 2 | extend b = A - a | project b, A')).toEqual([[1, 2]]);
});

describe('refusals', () => {
  test('a syntax error has its place', () => {
    expect(refusal('Beats\n| where (')).toMatchObject({ code: 'SYN', line: 2 });
  });
  test('an unknown column is a semantic error with its place', () => {
    expect(refusal('Beats | where Nope == 1')).toMatchObject({ code: 'SEM', line: 1, column: 15 });
  });
  test.each([
    ['Beats | evaluate bag_unpack(Props)', 'output schema'],
    ['Beats | evaluate autocluster()', 'autocluster'],
    ['Beats | reduce by Cdn', 'reduce'],
    ['externaldata(a:string)["http://x/y"]', 'externaldata'],
    ['print gzip_compress_to_base64_string("x")', 'gzip_compress'],
    ['set query_datetimescope_column = "Ts"; Beats', 'query_datetimescope_column'],
    ['Beats | parse flags=i Cdn with "a" x', 'flags'],
    ['Beats | partition hint.strategy=random by Cdn (count)', 'random'],
    ['union (print x = 1), (print x = "a"), (print x_long = 2)', 'x_long'],
    ['Beats | where Props == Props', 'two dynamic'],
  ])('%s names what is not supported', (query, part) => {
    const error = refusal(query);
    expect(error.code).toBe('UNSUPPORTED');
    expect(error.message).toContain(part);
    expect(error.line).toBe(1);
  });
});

describe('plans', () => {
  test('are kept by catalog version and text, but not when they read the clock', () => {
    const plan = (text: string, now: Date): unknown => compileQuery(text, CATALOG, { now });
    expect(plan('Beats | count', NOW)).toBe(plan('Beats | count', new Date(0)));
    expect(plan('Beats | where Ts > ago(1h)', NOW)).not.toEqual(plan('Beats | where Ts > ago(1h)', new Date(0)));
    expect(compileQuery('Beats | count', { ...CATALOG, version: 2 }, { now: NOW })).not.toBe(
      plan('Beats | count', NOW),
    );
  });
  test('tell what they read, whether they are ordered, and what to draw', () => {
    const plan = compileQuery(
      'Beats | join kind=inner BeatsView on Ts | sort by kbps | render timechart with (title="x")',
      CATALOG,
      { now: NOW },
    );
    expect(plan.reads.toSorted()).toEqual(['Beats', 'BeatsView']);
    expect(plan.ordered).toBe(true);
    expect(plan.visualization).toMatchObject({ Visualization: 'timechart', title: 'x' });
  });
  test('query parameters are values, never query text', () => {
    const text = 'declare query_parameters(name:string); print x = name';
    const plan = compileQuery(text, EMPTY_CATALOG, { now: NOW, parameters: { name: `'; drop table t; --` } });
    expect(plan.sql).toContain(`'''; drop table t; --'`);
  });
});

describe('the time at which rows came in', () => {
  const timed: Catalog = {
    ...CATALOG,
    version: 2,
    tables: [{ name: 'Timed', relation: 't_timed', ingestedAt: '_at', columns: [{ name: 'A', type: 'long' }] }],
  };

  test('goes along with the rows of one table, and is refused where rows are made anew', async () => {
    await connection.run(
      'CREATE TABLE t_timed (c0 BIGINT, _at BIGINT); INSERT INTO t_timed VALUES (1, 638397504000000000), (2, 638397510000000000)',
    );
    const last = 'Timed | where A > 0 | sort by A desc | extend t = ingestion_time() | project A, t | take 1';
    expect((await answer(connection, last, timed, NOW)).rows).toEqual(['[2,"2024-01-02T00:10:00Z"]']);
    const twice =
      'let T = materialize(Timed); T | where ingestion_time() < datetime(2024-01-02T00:05) | union (T | where A > 9) | count';
    expect((await answer(connection, twice, timed, NOW)).rows).toEqual(['[1]']);
    for (const query of ['Timed | summarize by A', 'Timed | join Timed on A', 'print A = 1'])
      expect(() => compileQuery(`${query} | extend t = ingestion_time()`, timed, { now: NOW })).toThrow(
        'ingestion_time',
      );
  });
});

describe('what only the data can tell', () => {
  test.each([
    ['Beats | make-series count() on Ts step 1m by Cdn', 'write from and to'],
    ['range x from 0 to 12 step 1 | make-series count() on x in range(0, 10, 5)', 'between stop and the end'],
    ['range x from 0 to 12 step 1 | make-series count() on x in range(1, 15, 5)', 'no multiple of step'],
    ['range x from 1 to 65 step 1 | partition by x (count)', 'more than 64'],
    [
      'print s = "a=1 2 b=3" | parse-kv s as (a:string) with (pair_delimiter=" ", kv_delimiter="=", greedy=true)',
      'not asked for: b',
    ],
    ['print d = dynamic({"t":"2026-01-01T00:00:00Z"}) | evaluate bag_unpack(d)', "'t' holds texts that may be dates"],
    ['print d = dynamic({"t":null}) | evaluate bag_unpack(d)', "'t' is null in all rows"],
    ['print a = 1, d = dynamic({"a":2}) | evaluate bag_unpack(d)', "'a' is in the input already"],
    ['datatable(k:string, v:long)["v", 1] | evaluate pivot(k, count(), v)', "'v' is the name of a column"],
    [
      'let f = (T:(d:dynamic)) { T | evaluate bag_unpack(d) }; union f((print d = dynamic({"a":1}))), f((print d = dynamic({"b":1})))',
      'several inputs in one function',
    ],
  ])('%s is refused, not guessed', async (query, part) => {
    await expect(rows(query)).rejects.toThrow(part);
  });
});
