import { madeResources, type Context } from '../context.ts';
import { placeIn } from '../evaluate/deployment.ts';
import { isList, isObject, textOf, type Resource, type Value } from '../evaluate/values.ts';
import { finding, type Finding } from '../finding.ts';

// Alerts ask for metrics that exist, over windows that Azure takes, of resources that this deployment makes, and tell somebody.
// https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/metrics-index

const METRICS: Readonly<Record<string, readonly string[]>> = {
  'Microsoft.Kusto/clusters': [
    'KeepAlive',
    'CPU',
    'CacheUtilizationFactor',
    'IngestionUtilization',
    'IngestionLatencyInSeconds',
    'IngestionResult',
    'IngestionVolumeInMB',
    'StreamingIngestResults',
    'StreamingIngestUtilization',
    'StreamingIngestDataRate',
    'StreamingIngestDuration',
    'BlobsDropped',
    'EventsDropped',
    'EventsReceived',
    'MaterializedViewHealth',
    'MaterializedViewDataLoss',
    'MaterializedViewAgeSeconds',
    'QueryDuration',
    'QueryResult',
    'TotalNumberOfThrottledCommands',
    'TotalNumberOfThrottledQueries',
  ],
  'Microsoft.EventHub/namespaces': [
    'ThrottledRequests',
    'ServerErrors',
    'UserErrors',
    'QuotaExceededErrors',
    'IncomingMessages',
    'IncomingBytes',
    'OutgoingBytes',
    'CaptureBacklog',
    'NamespaceCpuUsage',
  ],
  'Microsoft.EventGrid/systemTopics': [
    'PublishFailCount',
    'DeliveryAttemptFailCount',
    'DeliverySuccessCount',
    'DeadLetteredCount',
    'DroppedEventCount',
    'MatchedEventCount',
    'UnmatchedEventCount',
  ],
  'Microsoft.Storage/storageAccounts': [
    'Availability',
    'Transactions',
    'SuccessE2ELatency',
    'SuccessServerLatency',
    'UsedCapacity',
  ],
};
/** Minutes that metric alerts take for window and frequency; log alerts too, but never each minute here. */
const MINUTES: ReadonlySet<number> = new Set([1, 5, 10, 15, 30, 60, 360, 720, 1440]);

const minutesOf = (duration: string): number => {
  const [, days = '0', hours = '0', minutes = '0'] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(duration) ?? [];
  return Number(days) * 1440 + Number(hours) * 60 + Number(minutes);
};

const propertiesOf = (resource: Resource): Readonly<Record<string, Value>> =>
  isObject(resource.body['properties']) ? resource.body['properties'] : {};

function timing(resource: Resource): Finding[] {
  const { evaluationFrequency = '', windowSize = '' } = propertiesOf(resource);
  const [every, over] = [minutesOf(textOf(evaluationFrequency)), minutesOf(textOf(windowSize))];
  const found: Finding[] = [];
  if (!MINUTES.has(every))
    found.push(
      finding('alerts', placeIn(resource, 'properties.evaluationFrequency'), [
        `frequency of ${resource.name}`,
        textOf(evaluationFrequency),
        `minutes: ${[...MINUTES].join(', ')}`,
      ]),
    );
  if (over < every)
    found.push(
      finding('alerts', placeIn(resource, 'properties.windowSize'), [
        `window of ${resource.name}`,
        textOf(windowSize),
        `at least its frequency, ${textOf(evaluationFrequency)}`,
      ]),
    );
  return found;
}

function metrics(resource: Resource): Finding[] {
  const { criteria = null } = propertiesOf(resource);
  const all = isObject(criteria) && isList(criteria['allOf']) ? criteria['allOf'] : [];
  return all.flatMap((criterion, index) => {
    if (!isObject(criterion)) return [];
    const [namespace, metric] = [textOf(criterion['metricNamespace'] ?? null), textOf(criterion['metricName'] ?? null)];
    const known = METRICS[namespace];
    return known?.includes(metric)
      ? []
      : [
          finding('alerts', placeIn(resource, `properties.criteria.allOf[${index}].metricName`), [
            `metric of ${resource.name}`,
            `${namespace} ${metric}`,
            known?.join(', ') ?? Object.keys(METRICS).join(', '),
          ]),
        ];
  });
}

function tellsNobody(resource: Resource): Finding[] {
  const { actions = null } = propertiesOf(resource);
  const list = isObject(actions) ? actions['actionGroups'] : actions;
  return isList(list) && list.length > 0
    ? []
    : [finding('alerts', resource.place, [`alert ${resource.name}`, 'tells nobody', 'an action group'])];
}

/** Every alert of every scenario. */
export function alerts(context: Context): Finding[] {
  const made = new Map([...madeResources(context)].map(([resource]) => [resource.id, resource.type]));
  return [...madeResources(context)].flatMap(([resource]) => {
    if (!/^Microsoft\.Insights\/(metricAlerts|scheduledQueryRules)$/.test(resource.type)) return [];
    const { scopes = null } = propertiesOf(resource);
    const lost = (isList(scopes) ? scopes : []).filter((scope) => !made.has(textOf(scope)));
    return [
      ...timing(resource),
      ...tellsNobody(resource),
      ...(resource.type.endsWith('metricAlerts') ? metrics(resource) : []),
      ...lost.map((scope) =>
        finding('alerts', placeIn(resource, 'properties.scopes'), [
          `scope of ${resource.name}`,
          textOf(scope),
          'a resource of this deployment',
        ]),
      ),
    ];
  });
}
