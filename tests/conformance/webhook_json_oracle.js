// What JavaScript makes of a text: one base64 text per line in, one line out, in ASCII:
// {"text": JSON.stringify(JSON.parse(text))} or {"refused": true}.
'use strict'

const readline = require('node:readline')

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function answer(line) {
  try {
    return { text: JSON.stringify(JSON.parse(utf8.decode(Buffer.from(line, 'base64')))) }
  } catch {
    return { refused: true }
  }
}

readline.createInterface({ input: process.stdin, crlfDelay: Infinity }).on('line', (line) => {
  process.stdout.write(JSON.stringify(answer(line)).replace(/[^\x00-\x7f]/g, (unit) =>
    '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0')) + '\n')
})
