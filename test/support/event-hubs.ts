// Reading hubs in tests, with Microsoft's own client.
import { EventHubConsumerClient, type EventPosition, type ReceivedEventData } from '@azure/event-hubs';

// What is under way when a connection goes is known lost by its time limit alone, so that is short here.
const PATIENT = { retryOptions: { maxRetries: 5, retryDelayInMs: 50, timeoutInMs: 2000 } };

/** An event and where it lay. */
export type PlacedEvent = ReceivedEventData & { readonly partitionId: string };

/** Receives from every partition until `isEnough` says so or the time is up; events in the order of each partition. */
export async function receive(
  connection: string,
  hub: string,
  isEnough: (events: readonly PlacedEvent[]) => boolean,
  startPosition: EventPosition = { offset: '-1' },
  timeoutMs = 60_000,
): Promise<PlacedEvent[]> {
  const client = new EventHubConsumerClient('$Default', connection, hub, PATIENT);
  const events: PlacedEvent[] = [];
  const errors: Error[] = [];
  let wake = (): void => undefined;
  const subscription = client.subscribe(
    {
      processEvents: async (received, { partitionId }) => {
        events.push(...received.map((event) => ({ ...event, partitionId })));
        wake();
        await Promise.resolve();
      },
      processError: async (error) => {
        errors.push(error);
        wake();
        await Promise.resolve();
      },
    },
    { startPosition, maxBatchSize: 500, maxWaitTimeInSeconds: 1, skipParsingBodyAsJson: true },
  );
  const endMs = performance.now() + timeoutMs;
  while (!isEnough(events) && errors.length === 0 && performance.now() < endMs)
    await new Promise<void>((resolve) => {
      wake = resolve;
      setTimeout(resolve, 200);
    });
  await subscription.close();
  await client.close();
  if (errors[0]) throw errors[0];
  return events;
}

/** Body of an event read without parsing. */
export const textOf = ({ body }: Pick<ReceivedEventData, 'body'>): string =>
  Buffer.from(body as Uint8Array).toString('utf8');
