import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diagramOf } from './diagram.ts';
import { generateDiagram } from './diagram-page.ts';
import { contextOf, type Context } from './test/context.ts';

const root = join(import.meta.dirname, '..');
const arrowsOf = ({ scenarios }: Context, name: string): string[] => {
  const made =
    scenarios.find((one) => one.name === name)?.deployment.resources.filter(({ isExisting }) => !isExisting) ?? [];
  const picture = diagramOf(made, (id) => id);
  const boxes = new Map(
    [...picture.matchAll(/^ {4}(r\d+)\["([^"<]+)/gm)].map(([, key = '', text = '']) => [key, text]),
  );
  return [...picture.matchAll(/^ {2}(\w+) (-\.->|-->)\|"([^"]+)"\| (\w+)$/gm)].map(
    ([, from = '', kind = '', label = '', to = '']) =>
      `${boxes.get(from) ?? from} ${kind} ${boxes.get(to) ?? to}: ${label}`,
  );
};

describe('the picture', () => {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const now = contextOf();

  it('the committed page is what the Bicep files make', () => {
    for (const [path, content] of generateDiagram())
      expect(read(path), `${path} is stale: npm run generate`).toBe(content);
  });

  it('shows messages and rights that are there, each once', () => {
    const arrows = arrowsOf(now, 'dev');
    expect(arrows).toEqual(
      expect.arrayContaining([
        'Storage: landing --> Event Grid: BlobCreated',
        'Event Hubs --> Data Explorer: rows',
        'Function app -.-> Data Explorer: Ingestor<br>Viewer',
        'Managed Grafana -.-> Data Explorer: Viewer',
      ]),
    );
    expect(new Set(arrows).size).toBe(arrows.length);
  });

  it('follows the Bicep: an arrow goes with its right, and another role is another label', () => {
    const path = 'infra/modules/access-stamp.bicep';
    const text = read(path);
    const changed = text.replaceAll('role: roles.grafanaQuery.role', "role: 'Admin'");
    expect(changed).not.toBe(text);
    expect(arrowsOf(contextOf({ [path]: changed }), 'dev')).toContain('Managed Grafana -.-> Data Explorer: Admin');
    const without = arrowsOf(now, 'dev for another, no Grafana');
    expect(without.length).toBeGreaterThan(5);
    expect(without.filter((arrow) => arrow.includes('Grafana'))).toEqual([]);
  });

  it('shows Front Door before two regions, and each cluster reading both hubs', () => {
    const arrows = arrowsOf(now, 'scale, two regions');
    expect(arrows.filter((arrow) => arrow.startsWith('Front Door --> Function app'))).toHaveLength(2);
    expect(arrows.filter((arrow) => arrow.startsWith('Event Hubs --> Data Explorer'))).toHaveLength(4);
  });
});
