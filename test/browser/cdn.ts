import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { hlsPlaylists } from './players-media.ts';

const CLIP = new URL('../../player-probe/demo/clip/', import.meta.url);
/** Media segments of the picture. */
const PICTURE = /^[012]-\d+\.m4s$/;

export interface Cdn {
  host: string;
  /** Segments of the picture that each player has had here. */
  served: Map<string, number>;
  close: () => Promise<void>;
}

/**
 * The clip below `/<player>/`, for pages of any origin, each segment after another wait. `isOpen`: pages may see how long
 * their requests took.
 */
export async function startCdn(isOpen = true): Promise<Cdn> {
  const served = new Map<string, number>();
  const playlists = hlsPlaylists();
  const server = createServer((req, res) => {
    const [, player = '', name = ''] = /^\/(\w+)\/([\w.-]+)/.exec(req.url ?? '') ?? [];
    const list = playlists[name];
    const count = served.get(player) ?? 0;
    if (PICTURE.test(name)) served.set(player, count + 1);
    void sleep(PICTURE.test(name) ? 70 * (count % 4) : 0).then(() => {
      res.writeHead(200, {
        'access-control-allow-origin': '*',
        'content-type': list ? 'application/vnd.apple.mpegurl' : 'video/mp4',
        'cache-control': 'no-store',
        ...(isOpen && { 'timing-allow-origin': '*' }),
      });
      res.end(list ?? readFileSync(new URL(name, CLIP)));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    served,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The clip's manifest over those CDNs, named in order; with a steering server where there is one. */
export function mpdOver(hosts: Record<string, string>, player: string, steering = ''): string {
  const bases = Object.entries(hosts).map(
    ([name, host]) => `<BaseURL serviceLocation="${name}">http://${host}/${player}/</BaseURL>`,
  );
  const [first] = Object.keys(hosts);
  const steered =
    steering &&
    `<ContentSteering defaultServiceLocation="${first}" queryBeforeStart="true">${steering}</ContentSteering>`;
  return readFileSync(new URL('clip.mpd', CLIP), 'utf8').replace('<Period', `${bases.join('')}${steered}<Period`);
}

/** As `mpdOver`, for HLS. */
export function playlistOver(hosts: Record<string, string>, player: string, steering = ''): string {
  const [head = '', ...lines] = hlsPlaylists()['master.m3u8']!.split('\n');
  const [first] = Object.keys(hosts);
  const ways = Object.entries(hosts).map(([name, host]) =>
    lines
      .join('\n')
      .replaceAll(/^(\d\.m3u8)$/gm, `http://${host}/${player}/$1`)
      .replaceAll('URI="', `URI="http://${host}/${player}/`)
      .replaceAll('#EXT-X-STREAM-INF:', `#EXT-X-STREAM-INF:${steering && `PATHWAY-ID="${name}",`}`)
      .replaceAll(/"a"/g, `"${name}"`),
  );
  const steered = steering ? [`#EXT-X-CONTENT-STEERING:SERVER-URI="${steering}",PATHWAY-ID="${first}"`] : [];
  return [head, ...steered, ...ways].join('\n');
}
