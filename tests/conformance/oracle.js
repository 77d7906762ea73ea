// Segment's own mapping engine, answering line by line what `segment-rehook evaluate` answers.
// NDJSON in, NDJSON out, in ASCII; see tests/conformance/README.md.
'use strict'

const readline = require('node:readline')
const { transform } = require('@segment/actions-core/mapping-kit')
const { parseFql, validate } = require('@segment/destination-subscriptions')

// What validation collects is thrown as one error whose text quotes each stack; ours has no stacks.
function textOf(error) {
  const collected = error[Symbol.iterator] ? [...error] : null
  if (!collected) return error.message
  return collected.map((each) => `\n    ${each.name}: ${each.message}`).join('')
}

function answer({ mapping, input, fql, event }, isTrigger) {
  if (!isTrigger) return { output: transform(mapping, input) }
  const parsed = parseFql(fql)
  if (parsed.error) return { error: 'does not parse' }
  return { match: validate(parsed, event) }
}

function ascii(text) {
  return text.replace(/[^\x00-\x7f]/g, (unit) => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0'))
}

readline.createInterface({ input: process.stdin, crlfDelay: Infinity }).on('line', (line) => {
  let result
  try {
    const question = JSON.parse(line)
    result = answer(question, Object.hasOwn(question, 'fql'))
  } catch (error) {
    result = { error: textOf(error) }
  }
  process.stdout.write(ascii(JSON.stringify(result)) + '\n')
})
