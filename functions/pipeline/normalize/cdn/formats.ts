import { akamaiDatastream } from './akamai-datastream.ts';
import type { CdnFormat } from './cdn-log.ts';
import { cloudflare } from './cloudflare.ts';
import { cloudfront } from './cloudfront.ts';
import { fastly } from './fastly.ts';
import { frontDoor } from './front-door.ts';
import { googleCdn } from './google-cdn.ts';

/** The one list of CDN logs, asked in this order. */
export const cdnFormats: readonly CdnFormat[] = [
  frontDoor,
  cloudfront,
  akamaiDatastream,
  fastly,
  cloudflare,
  googleCdn,
];
