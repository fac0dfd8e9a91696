// The yardstick of the blob door: gunzip and JSON.parse of each line, and nothing else. Prints lines and CPU milliseconds.
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

const NEWLINE = 0x0a;
/** Output chunks of this size make inflating three times as fast as Node's default: the yardstick gets what the door has. */
const CHUNK = 128 * 1024;

const before = process.cpuUsage();
let lines = 0;
let rest: Buffer = Buffer.alloc(0);
let seen: unknown;
for await (const chunk of createReadStream(process.argv[2] ?? '').pipe(
  createGunzip({ chunkSize: CHUNK }),
) as AsyncIterable<Buffer>) {
  const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
    seen = JSON.parse(bytes.toString('utf8', start, end));
    lines++;
    start = end + 1;
  }
  rest = bytes.subarray(start);
}
const { user, system } = process.cpuUsage(before);
if (seen === undefined) throw new Error('no line was read');
console.log(JSON.stringify({ lines, cpuMs: (user + system) / 1000 }));
