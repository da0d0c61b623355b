// Reads our stream over a real WebSocket with npm's ws: address, our frame.proto, how many frames.
// Writes every feed message, its length before it, to stdout, for print-gtfs-rt --length-prefixed.
import { readFile } from 'node:fs/promises';
import protobuf from 'protobufjs';
import WebSocket from 'ws';

const [, , address, protoFile, most] = process.argv;
const Frame = protobuf.parse(await readFile(protoFile, 'utf8'), { keepCase: true }).root.lookupType(
  'mobility.passenger_info.Frame',
);
const socket = new WebSocket(address, { perMessageDeflate: false });
let frames = 0;

socket.on('open', () => {
  socket.send(JSON.stringify({ type: 'hello', version: 1 }));
  socket.send(JSON.stringify({ type: 'sub', id: '1', topics: ['all'], format: 'pb' }));
});
socket.on('message', (data, isBinary) => {
  if (!isBinary) return;
  const frame = Frame.decode(data);
  if (!frame.feed || frame.feed.length === 0) return;
  process.stdout.write(Buffer.concat([protobuf.Writer.create().uint32(frame.feed.length).finish(), frame.feed]));
  frames += 1;
  if (frames >= Number(most)) socket.close();
});
socket.on('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
