// Where a receiver wants to begin: the selector filter that Event Hubs clients put on the source of their link.

/** Events after (or from) an offset, a sequence number or an enqueued time in epoch ms; or only those that come from now on. */
export type StartPosition =
  | {
      readonly by: 'offset' | 'sequenceNumber' | 'enqueuedTime';
      readonly value: number;
      readonly isInclusive: boolean;
    }
  | { readonly by: 'latest' };

const SELECTOR = /^amqp\.annotation\.x-opt-(offset|sequence-number|enqueued-time)\s*(>=?)\s*'?([^']*)'?$/;
const NAMES = { offset: 'offset', 'sequence-number': 'sequenceNumber', 'enqueued-time': 'enqueuedTime' } as const;

/** Undefined when the text is none of the selectors that Event Hubs knows. */
export function parseSelector(text: string): StartPosition | undefined {
  const [, name, operator, value = ''] = SELECTOR.exec(text.trim()) ?? [];
  if (name === undefined) return undefined;
  if (name === 'offset' && value === '@latest') return { by: 'latest' };
  if (!/^-?\d{1,16}$/.test(value)) return undefined;
  return { by: NAMES[name as keyof typeof NAMES], value: Number(value), isInclusive: operator === '>=' };
}
