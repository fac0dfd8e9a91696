// A Mermaid picture of what the Bicep files would make: boxes are resources, arrows are events and rights, each read from a
// property or a role assignment of the played deployment. Only people, players and producers are added by hand.
import { isList, isObject, Resource, Runtime, textOf, walk, type Value } from './test/evaluate/values.ts';

/** Types that get a box, and what it says. Everything else belongs to one of these, or watches them. */
const BOXES: Readonly<Record<string, string>> = {
  'Microsoft.Cdn/profiles': 'Front Door<br>with firewall',
  'Microsoft.Web/sites': 'Function app<br>Flex Consumption',
  'Microsoft.Storage/storageAccounts': 'Storage',
  'Microsoft.EventGrid/systemTopics': 'Event Grid<br>system topic',
  'Microsoft.EventHub/namespaces': 'Event Hubs',
  'Microsoft.Kusto/clusters': 'Data Explorer',
  'Microsoft.KeyVault/vaults': 'Key Vault',
  'Microsoft.Dashboard/grafana': 'Managed Grafana',
  'Microsoft.Insights/components': 'Application Insights',
  'Microsoft.OperationalInsights/workspaces': 'Log Analytics',
};

interface Box {
  readonly key: string;
  readonly resource: Resource;
  readonly group: string;
}

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
  /** A right, as against a message. */
  readonly isRight: boolean;
}

const at = (value: Value | undefined, ...path: string[]): Value =>
  path.reduce<Value>((holder, name) => (isObject(holder) ? (holder[name] ?? null) : null), value ?? null);

/** `stamps[1]` and its like as a region; what exists once as such. */
function groupOf({ path, body, type }: Resource, regions: readonly string[]): string {
  const inStamp = /^(?:stamps|monitoring|identities)\[(\d+)\]/.exec(path)?.[1];
  if (inStamp !== undefined) return regions[Number(inStamp)] ?? 'once';
  return type === 'Microsoft.Kusto/clusters' ? textOf(body['location'] ?? null) : 'once';
}

function boxesOf(made: readonly Resource[]): Box[] {
  const regions = made.flatMap(({ type, body }) =>
    type === 'Microsoft.Kusto/clusters' ? [textOf(body['location'] ?? null)] : [],
  );
  return made
    .filter(({ type }) => type in BOXES)
    .map((resource, index) => ({ key: `r${index}`, resource, group: groupOf(resource, regions) }));
}

/** An id without its resource group: events.bicep is played for itself. Names are unique without it. */
const tail = (id: string): string => id.slice(id.indexOf('/providers/'));

/** The box that a resource, or a part of one, lies in. */
const boxOf = (boxes: readonly Box[], id: string): Box | undefined =>
  boxes.find(({ resource }) => `${tail(id)}/`.startsWith(`${tail(resource.id)}/`));

const idsIn = (value: Value): string[] =>
  [...walk([value])].flatMap(([, one]) => {
    if (one instanceof Runtime) return one.resource ? [one.resource.id] : [];
    return typeof one === 'string' && one.startsWith('/subscriptions/') ? [one] : [];
  });

/** Who holds a right: the box of its identity, or whoever deploys. */
function holderOf(principal: Value, boxes: readonly Box[]): string | undefined {
  if (!(principal instanceof Runtime) || !principal.resource) return principal === '' ? undefined : 'deployer';
  const { id } = principal.resource;
  const own = boxOf(boxes, id);
  const wearer = boxes.find(({ resource }) => {
    const worn = at(resource.body['identity'], 'userAssignedIdentities');
    return isObject(worn) && Object.keys(worn).includes(id);
  });
  return (own ?? wearer)?.key;
}

type RoleName = (id: string) => string;

function rightOf(resource: Resource, boxes: readonly Box[], roleName: RoleName): Arrow | undefined {
  const properties = resource.body['properties'];
  const isKusto = resource.type.endsWith('/principalAssignments');
  if (!isKusto && resource.type !== 'Microsoft.Authorization/roleAssignments') return undefined;
  const scope = isKusto ? resource.id : resource.target instanceof Resource ? resource.target.id : '';
  const from = holderOf(at(properties, 'principalId'), boxes);
  const to = boxOf(boxes, scope)?.key;
  if (from === undefined || to === undefined) return undefined;
  const label = isKusto
    ? textOf(at(properties, 'role'))
    : roleName(textOf(at(properties, 'roleDefinitionId')).split('/').at(-1) ?? '');
  return { from, to, label, isRight: true };
}

function messagesOf(resource: Resource, boxes: readonly Box[]): Arrow[] {
  const own = boxOf(boxes, resource.id)?.key;
  const properties = resource.body['properties'];
  const key = (value: Value): string | undefined => idsIn(value).flatMap((id) => boxOf(boxes, id)?.key ?? [])[0];
  const arrow = (from: string | undefined, to: string | undefined, label: string): Arrow[] =>
    from === undefined || to === undefined ? [] : [{ from, to, label, isRight: false }];
  switch (resource.type) {
    case 'Microsoft.EventGrid/systemTopics':
      return arrow(key(at(properties, 'source')), own, 'BlobCreated');
    case 'Microsoft.EventGrid/systemTopics/eventSubscriptions':
      return [
        ...arrow(own, key(at(properties, 'destination')), 'announces blobs'),
        ...arrow(own, key(at(properties, 'deadLetterWithResourceIdentity')), 'dead letters'),
      ];
    case 'Microsoft.Kusto/clusters/databases/dataConnections':
      return arrow(key(at(properties, 'eventHubResourceId')), own, 'rows');
    case 'Microsoft.Cdn/profiles/originGroups/origins':
      return arrow(own, key(at(properties, 'hostName')), 'POST /api/v1/events');
    case 'Microsoft.Dashboard/grafana/managedPrivateEndpoints':
      return arrow(own, key(at(properties, 'privateLinkResourceId')), 'private endpoint');
    default:
      return [];
  }
}

/** Arrows of one pair and kind as one. */
function merged(arrows: readonly Arrow[]): Arrow[] {
  const pairs = new Map<string, Arrow>();
  for (const arrow of arrows) {
    const pair = `${arrow.from} ${arrow.to} ${String(arrow.isRight)}`;
    const held = pairs.get(pair);
    const labels = held === undefined ? [] : held.label.split('<br>');
    pairs.set(pair, {
      ...arrow,
      label: labels.includes(arrow.label) ? labels.join('<br>') : [...labels, arrow.label].join('<br>'),
    });
  }
  return [...pairs.values()];
}

function textOfBox({ key, resource }: Box, endpoints: ReadonlySet<string>): string {
  const { type, body, symbol } = resource;
  const sku = at(body['sku'], 'name');
  const isStorage = type === 'Microsoft.Storage/storageAccounts';
  const lines = [
    isStorage ? `${BOXES[type] ?? ''}: ${symbol}` : (BOXES[type] ?? ''),
    ...(typeof sku === 'string' ? [sku] : []),
    ...(isList(body['zones'] ?? null) ? ['three zones'] : []),
    ...(endpoints.has(resource.id) ? ['private endpoint'] : []),
  ];
  return `    ${key}["${lines.join('<br>')}"]`;
}

/** Doors: where those outside come in. */
function outsiders(boxes: readonly Box[]): string[] {
  const keys = (type: string, symbol?: string): string[] =>
    boxes
      .filter(({ resource }) => resource.type === type && (symbol === undefined || resource.symbol === symbol))
      .map(({ key }) => key);
  const front = keys('Microsoft.Cdn/profiles');
  const doors = front.length > 0 ? front : keys('Microsoft.Web/sites');
  return [
    ...doors.map((key) => `  players(["players with the probe"]) -->|HTTPS| ${key}`),
    ...keys('Microsoft.Storage/storageAccounts', 'landing').map(
      (key) => `  producers(["producers of telemetry, CDN logs"]) -->|blobs| ${key}`,
    ),
    ...keys('Microsoft.EventHub/namespaces').map((key) => `  producers -->|rows| ${key}`),
    ...keys('Microsoft.Dashboard/grafana').map((key) => `  ${key} -->|dashboards, alerts| people(["people"])`),
  ];
}

/** The picture of what is made. */
export function diagramOf(made: readonly Resource[], roleName: RoleName): string {
  const boxes = boxesOf(made);
  const endpoints = new Set(
    made.flatMap(({ type, body }) =>
      type === 'Microsoft.Network/privateEndpoints'
        ? idsIn(at(body['properties'], 'privateLinkServiceConnections'))
        : [],
    ),
  );
  const arrows = merged([
    ...made.flatMap((resource) => messagesOf(resource, boxes)),
    ...made.flatMap((resource) => rightOf(resource, boxes, roleName) ?? []),
  ]);
  const groups = [...new Set(boxes.map(({ group }) => group))].toSorted(
    (a, b) => Number(a === 'once') - Number(b === 'once'),
  );
  const shown = (group: string): string[] => [
    `  subgraph ${group === 'once' ? 'once["for all regions"]' : group}`,
    ...boxes.filter((box) => box.group === group).map((box) => textOfBox(box, endpoints)),
    '  end',
  ];
  const drawn = arrows
    .toSorted((a, b) => Number(a.isRight) - Number(b.isRight))
    .map(({ from, to, label, isRight }) => `  ${from} ${isRight ? '-.->' : '-->'}|"${label}"| ${to}`);
  const deployer = arrows.some(({ from }) => from === 'deployer') ? ['  deployer(["who deploys"])'] : [];
  return ['flowchart LR', ...groups.flatMap(shown), ...outsiders(boxes), ...deployer, ...drawn].join('\n');
}
