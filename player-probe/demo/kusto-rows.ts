interface Table {
  Columns: { ColumnName: string }[];
  Rows: (string | number | boolean | object | null)[][];
}

export interface RowsView {
  sessionId: () => string;
  query: HTMLElement;
  hint: HTMLElement;
  head: HTMLElement;
  body: HTMLElement;
}

const EVERY_MS = 2000;
const COLUMNS = 'Sequence, EventTime, Kind, DurationMs, Cause, BitrateKbps, WidthPx, BufferMs, EndReason';

const queryFor = (sessionId: string) =>
  `PlaybackEvents\n| where SessionId == '${sessionId}'\n| order by Sequence asc\n| project ${COLUMNS}`;

async function ask(csl: string): Promise<Table | undefined> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch('/api/query', { method: 'POST', headers, body: JSON.stringify({ csl }) });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const { Tables } = (await answer.json()) as { Tables?: Table[] };
  return Tables?.[0];
}

function cells(tag: 'th' | 'td', values: (string | number | boolean | object | null)[]): HTMLTableRowElement {
  const row = document.createElement('tr');
  for (const value of values) {
    const cell = document.createElement(tag);
    cell.textContent = value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : `${value}`;
    row.append(cell);
  }
  return row;
}

/** Asks for the rows of the present session every two seconds; says quietly when nobody answers. */
export function watchRows(view: RowsView): void {
  const look = async () => {
    const csl = queryFor(view.sessionId());
    view.query.textContent = csl;
    try {
      const table = await ask(csl);
      if (!table) throw new Error('no table');
      view.head.replaceChildren(
        cells(
          'th',
          table.Columns.map(({ ColumnName }) => ColumnName),
        ),
      );
      view.body.replaceChildren(...table.Rows.map((row) => cells('td', row)));
      view.hint.textContent = `${table.Rows.length} rows, read ${new Date().toLocaleTimeString()}`;
    } catch (error) {
      view.hint.textContent = `no query service behind this page (${(error as Error).message}); npm start brings one`;
    }
    setTimeout(() => void look(), EVERY_MS);
  };
  void look();
}
