// Feeds deltas, each after its length (four bytes), to gtfs-rt-differential-to-full-dataset; writes its full dataset.
// That library has no word for a deleted entity, nor for one that is no trip update and no position: left out, counted.
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const toFullDataset = require('gtfs-rt-differential-to-full-dataset');
const { FeedMessage } = require('gtfs-rt-bindings');
const [, , deltasFile, outFile] = process.argv;
const full = toFullDataset({ ttl: 3_600_000 });
const data = await readFile(deltasFile);
let taken = 0;
let leftOut = 0;

for (let at = 0; at < data.length; ) {
  const length = data.readUInt32BE(at);
  const message = FeedMessage.toObject(FeedMessage.decode(data.subarray(at + 4, at + 4 + length)), { longs: Number });
  at += 4 + length;
  for (const entity of message.entity ?? []) {
    const isTaken = !entity.is_deleted && (entity.trip_update || entity.vehicle);
    if (isTaken) full.write(entity);
    taken += isTaken ? 1 : 0;
    leftOut += isTaken ? 0 : 1;
  }
}
await writeFile(outFile, full.asFeedMessage());
console.log(JSON.stringify({ taken, leftOut, entities: full.nrOfEntities() }));
process.exit(0);
