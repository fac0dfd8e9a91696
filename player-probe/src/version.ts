import type { Envelope } from '../../schema/probe-wire.ts';

/** Version of the wire format; the type makes a mismatch with the schema a compile error. */
export const WIRE_VERSION: Envelope['v'] = 1;
/** Version of this package; a test holds it against package.json. */
export const PROBE_VERSION = '0.1.0';
