import { playbackBeats } from '../../schema/playback-beats.ts';
import { playbackEvents } from '../../schema/playback-events.ts';
import type { Fields } from '../../schema/spec.ts';

/**
 * All names of a table's columns, undefined. To the engine copies of it are structures with known places; an object to which
 * so many names are added one by one is a dictionary, dearer to fill, to check and to write. What `JSON.parse` makes is a
 * structure whatever its size.
 */
function shapeOf(fields: Fields): Readonly<Record<string, unknown>> {
  const names = Object.keys(fields);
  const shape = JSON.parse(`{${names.map((name) => `"${name}":null`).join()}}`) as Record<string, unknown>;
  for (const name of names) shape[name] = undefined;
  return shape;
}

const shapes = {
  PlaybackEvents: shapeOf(playbackEvents.fields),
  PlaybackBeats: shapeOf(playbackBeats.fields),
};

/** The columns of a row that says nothing yet. */
export const blankRow = (table: keyof typeof shapes): Record<string, unknown> => ({ ...shapes[table] });
