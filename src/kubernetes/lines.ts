// Cuts a stream of bytes into lines.

const NEWLINE = 0x0a;

/** The lines of a UTF-8 stream, without their ends; an unfinished last line is dropped. Each byte is copied once, however it was cut up. */
export async function* lines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let pieces: Uint8Array[] = [];
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const piece = chunk.subarray(start, end);
      // Most lines come whole.
      yield pieces.length === 0 ? text(piece) : Buffer.concat([...pieces, piece]).toString('utf8');
      pieces = [];
      start = end + 1;
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start));
  }
}

function text({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('utf8');
}
