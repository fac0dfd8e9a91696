// Grafana's grid: 24 columns, rows of 30 px with 8 px between, collapsible rows.
import type { Dashboard, GridPos, Panel } from '../model/dashboard.ts';

const COLUMNS = 24;
const CELL = 38;
const GAP = 8;
const NARROW = 760;

/** A row panel with what belongs under it; the first section may have no row. */
export interface Section {
  readonly row: Panel | undefined;
  readonly panels: readonly Panel[];
}

const positionOf = (panel: Panel): GridPos => panel.gridPos ?? { x: 0, y: 0, w: 12, h: 8 };

/** Panels by the row they stand under, in the order of their position. */
export function sectionsOf(dashboard: Dashboard): Section[] {
  const sections: { row: Panel | undefined; panels: Panel[] }[] = [{ row: undefined, panels: [] }];
  const ordered = [...(dashboard.panels ?? [])].sort(
    (a, b) => positionOf(a).y - positionOf(b).y || positionOf(a).x - positionOf(b).x,
  );
  for (const panel of ordered) {
    if (panel.type === 'row') sections.push({ row: panel, panels: [...(panel.panels ?? [])] });
    else sections.at(-1)?.panels.push(panel);
  }
  return sections;
}

export interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Layout {
  readonly rows: ReadonlyMap<Panel, Place>;
  readonly panels: ReadonlyMap<Panel, Place>;
  readonly height: number;
}

function placeNarrow(panels: readonly Panel[], top: number, width: number, into: Map<Panel, Place>): number {
  let y = top;
  for (const panel of panels) {
    const height = Math.max(4, positionOf(panel).h) * CELL - GAP;
    into.set(panel, { left: 0, top: y, width, height });
    y += height + GAP;
  }
  return y;
}

function placeWide(panels: readonly Panel[], top: number, width: number, into: Map<Panel, Place>): number {
  const first = Math.min(...panels.map((panel) => positionOf(panel).y));
  let bottom = top;
  const column = (width + GAP) / COLUMNS;
  for (const panel of panels) {
    const { x, y, w, h } = positionOf(panel);
    const place = { left: x * column, top: top + (y - first) * CELL, width: w * column - GAP, height: h * CELL - GAP };
    into.set(panel, place);
    bottom = Math.max(bottom, place.top + place.height + GAP);
  }
  return bottom;
}

/** Places of all rows and of the panels of open sections, in px. */
export function layoutOf(sections: readonly Section[], collapsed: ReadonlySet<Panel>, width: number): Layout {
  const rows = new Map<Panel, Place>();
  const panels = new Map<Panel, Place>();
  let top = 0;
  for (const section of sections) {
    if (section.row !== undefined) {
      rows.set(section.row, { left: 0, top, width, height: CELL - GAP });
      top += CELL;
      if (collapsed.has(section.row)) continue;
    }
    if (section.panels.length > 0)
      top =
        width < NARROW
          ? placeNarrow(section.panels, top, width, panels)
          : placeWide(section.panels, top, width, panels);
  }
  return { rows, panels, height: top };
}
