import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

// Makes the demo's DASH clip: three renditions of different size, sound, 2 s segments, small enough to be committed.
// node scripts/make-clip.ts [--out DIR]

const SECONDS = 36;
const FPS = 24;
const SEGMENT_S = 2;
const MAX_BYTES = 2 * 1024 * 1024;
const RENDITIONS = [
  { width: 192, height: 108, kbps: 55 },
  { width: 320, height: 180, kbps: 110 },
  { width: 640, height: 360, kbps: 210 },
];
const AUDIO_KBPS = 24;

/** A slow aurora behind a timecode, a sweep that shows any freeze at once, and the name of the rendition. */
function picture(height: number): string {
  const px = (of360: number) => Math.max(1, Math.round((of360 * height) / 360));
  const text = (content: string, size: number, at: string, colour: string) =>
    `drawtext=font=DejaVu Sans Mono:fontsize=${px(size)}:fontcolor=${colour}:${at}:text='${content}'`;
  return [
    `drawbox=x=0:y=ih-${px(46)}:w=iw:h=${px(46)}:color=black@0.35:t=fill`,
    text('%{pts\\:hms}', 58, 'x=(w-text_w)/2:y=(h-text_h)/2', 'white'),
    text('FRAMEWATCH', 18, `x=${px(22)}:y=h-${px(33)}`, 'white@0.85'),
    text(`${height}p`, 20, `x=w-text_w-${px(22)}:y=${px(20)}`, 'white@0.85'),
    text('frame %{frame_num}', 18, `x=w-text_w-${px(22)}:y=h-${px(33)}`, 'white@0.8'),
    text('▬', 30, `x='mod(n*${px(4)},w)':y=h-${px(62)}`, 'white@0.9'),
  ].join(',');
}

function argumentsFor(out: string): string[] {
  const source = `gradients=s=640x360:r=${FPS}:d=${SECONDS}:c0=0x06122b:c1=0x0f4c75:c2=0x3b1d60:c3=0x0a7f7a:n=4:speed=0.012:seed=7`;
  const split = RENDITIONS.map((_, i) => `[s${i}]`).join('');
  const scaled = RENDITIONS.map(
    ({ width, height }, i) => `[s${i}]scale=${width}:${height},${picture(height)},format=yuv420p[v${i}]`,
  );
  const chord = `aevalsrc='0.05*sin(2*PI*220*t)+0.04*sin(2*PI*277.18*t)+0.04*sin(2*PI*329.63*t)*(0.6+0.4*sin(0.7*t))':s=44100:d=${SECONDS}`;
  const maps = RENDITIONS.flatMap(({ kbps }, i) => [
    '-map',
    `[v${i}]`,
    ...['b:v', 'minrate:v', 'maxrate:v'].flatMap((option) => [`-${option}:${i}`, `${kbps}k`]),
    `-bufsize:v:${i}`,
    `${kbps * 2}k`,
  ]);
  const groups = [
    ['-hide_banner', '-loglevel', 'error', '-y', '-f', 'lavfi', '-i', source, '-f', 'lavfi', '-i', chord],
    ['-filter_complex', [`[0:v]split=${RENDITIONS.length}${split}`, ...scaled].join(';'), ...maps],
    ['-map', '1:a', '-c:v', 'libx264', '-preset', 'veryslow', '-profile:v', 'main', '-bf', '0'],
    ['-g', `${FPS * SEGMENT_S}`, '-keyint_min', `${FPS * SEGMENT_S}`, '-sc_threshold', '0', '-threads', '1'],
    ['-c:a', 'aac', '-b:a', `${AUDIO_KBPS}k`, '-ac', '1', '-fflags', '+bitexact', '-flags', '+bitexact'],
    ['-f', 'dash', '-seg_duration', `${SEGMENT_S}`, '-use_timeline', '0', '-use_template', '1'],
    ['-adaptation_sets', 'id=0,streams=v id=1,streams=a'],
    ['-init_seg_name', 'init-$RepresentationID$.m4s', '-media_seg_name', '$RepresentationID$-$Number%03d$.m4s'],
    [`${out}/clip.mpd`],
  ];
  return groups.flat();
}

function main(): void {
  const preset = fileURLToPath(new URL('../player-probe/demo/clip', import.meta.url));
  const { values } = parseArgs({ options: { out: { type: 'string', default: preset } } });
  if (spawnSync('ffmpeg', ['-version']).error) {
    console.error('make-clip: ffmpeg is missing. Install it (Debian: apt-get install -y ffmpeg) and run this again.');
    process.exit(1);
  }
  rmSync(values.out, { recursive: true, force: true });
  mkdirSync(values.out, { recursive: true });
  const { status, stderr } = spawnSync('ffmpeg', argumentsFor(values.out), { encoding: 'utf8' });
  if (status !== 0) {
    console.error(`make-clip: ffmpeg failed:\n${stderr}`);
    process.exit(1);
  }
  const bytes = readdirSync(values.out).reduce((sum, file) => sum + statSync(`${values.out}/${file}`).size, 0);
  console.log(`${values.out}: ${bytes} bytes`);
  if (bytes > MAX_BYTES) {
    console.error(`make-clip: more than ${MAX_BYTES} bytes; lower the bitrates.`);
    process.exit(1);
  }
}

main();
