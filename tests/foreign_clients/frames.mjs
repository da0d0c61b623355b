// Decodes a recorded stream with npm's bindings: frames file, our frame.proto. Prints one JSON summary.
import { readFile } from 'node:fs/promises';
import bindings from 'gtfs-realtime-bindings';
import protobuf from 'protobufjs';

const { FeedMessage, FeedEntity, FeedHeader } = bindings.transit_realtime;
const [, , framesFile, protoFile] = process.argv;
const root = protobuf.parse(await readFile(protoFile, 'utf8'), { keepCase: true }).root;
const Frame = root.lookupType('mobility.passenger_info.Frame');
const data = await readFile(framesFile);
const topics = new Map();
let frames = 0;
let messages = 0;
let entities = 0;

for (let at = 0; at < data.length; ) {
  const length = data.readUInt32BE(at);
  const frame = Frame.decode(data.subarray(at + 4, at + 4 + length));
  at += 4 + length;
  frames += 1;
  if (!frame.feed || frame.feed.length === 0) continue;
  const message = FeedMessage.decode(frame.feed);
  const fault = FeedMessage.verify(message);
  if (fault) throw new Error(`frame ${frames}: ${fault}`);
  messages += 1;
  entities += message.entity.length;
  const isFull = message.header.incrementality === FeedHeader.Incrementality.FULL_DATASET;
  const known = isFull ? new Map() : topics.get(frame.topic);
  if (!known) throw new Error(`frame ${frames}: ${frame.topic} began with a delta`);
  topics.set(frame.topic, known);
  for (const entity of message.entity) {
    if (entity.isDeleted) known.delete(entity.id);
    else known.set(entity.id, Buffer.from(FeedEntity.encode(entity).finish()).toString('base64'));
  }
}
const held = Object.fromEntries([...topics].map(([name, known]) => [name, Object.fromEntries(known)]));
console.log(JSON.stringify({ frames, messages, entities, held }));
