// Addresses of Event Hubs' links.

export interface SenderAddress {
  readonly hub: string;
  /** Absent: the service chooses by key or in turn. */
  readonly partition: number | undefined;
}

export interface ReceiverAddress {
  readonly hub: string;
  readonly consumerGroup: string;
  readonly partition: number;
}

const SENDER = /^([\w.-]{1,256})(?:\/partitions\/(\d{1,4}))?$/i;
const RECEIVER = /^([\w.-]{1,256})\/consumergroups\/([$\w.-]{1,50})\/partitions\/(\d{1,4})$/i;

/** Address of a link that sends, or undefined. A full URL counts by its path. */
export function senderAddress(address: string): SenderAddress | undefined {
  const [, hub, partition] = SENDER.exec(pathOf(address)) ?? [];
  return hub === undefined ? undefined : { hub, partition: partition === undefined ? undefined : Number(partition) };
}

/** Address of a link that receives, or undefined. */
export function receiverAddress(address: string): ReceiverAddress | undefined {
  const [, hub, consumerGroup, partition] = RECEIVER.exec(pathOf(address)) ?? [];
  return hub === undefined || consumerGroup === undefined
    ? undefined
    : { hub, consumerGroup, partition: Number(partition) };
}

const pathOf = (address: string): string =>
  (URL.canParse(address) ? new URL(address).pathname : address).replace(/^\/+/, '');
