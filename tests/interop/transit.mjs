// Answers lines of JSON with what the example of docs/api.md for JavaScript makes of them; asked by sealing.py, which lays
// the example and the libraries beside it.
import { createInterface } from 'node:readline';
import { aessiv } from '@noble/ciphers/aes.js';
import { open, seal } from './example.mjs';

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));

function siv({ key, associated, plain }) {
  const cipher = () => aessiv(bytes(key), ...associated.map(bytes));
  const output = cipher().encrypt(bytes(plain));
  if (Buffer.compare(Buffer.from(cipher().decrypt(output)), Buffer.from(bytes(plain))) !== 0) {
    throw new Error('what was sealed does not open');
  }
  return { output: Buffer.from(output).toString('hex') };
}

const answers = {
  seal: ({ key, field, plain }) => ({ value: seal(key, field, plain) }),
  open: ({ key, field, value }) => ({ plain: open(key, field, value) }),
  siv,
};

// ASCII alone, whatever the locale.
const ascii = (value) =>
  JSON.stringify(value).replace(/[\u0080-\uffff]/g, (unit) => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0'));

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let answer;
  try {
    answer = answers[asked.do](asked);
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(ascii(answer) + '\n');
}
