// Segment's hosted Rehook destination, run as it is, but for the wire: what it would have sent comes back.
//
// Reads one JSON object per line: {"subscription": {…}, "event": "<the event's JSON text>"}.
// Writes one per line: {"request": {"method", "url", "body"}} | {"error": {"name", "message"}} | {"ignored": true}.
'use strict'

const path = require('node:path')
const readline = require('node:readline')

const fetching = require(path.join(path.dirname(require.resolve('@segment/actions-core')), 'fetch.js'))
const { Destination } = require('@segment/actions-core')
const definition = require('@segment/action-destinations/dist/destinations/rehook').default

const destination = new Destination(definition)
let sent

fetching.default = async (request) => {
  sent = { method: request.method, url: request.url, body: await request.text() }
  return new fetching.Response('{}', { status: 200, headers: { 'content-type': 'application/json' } })
}

async function answer({ subscription, event }) {
  sent = undefined
  const settings = {
    api_key: 'key',
    api_secret: 'secret',
    subscriptions: [
      { subscribe: subscription.trigger, partnerAction: subscription.actionSlug, mapping: subscription.settings }
    ]
  }
  try {
    const results = await destination.onEvent(JSON.parse(event), settings)
    return sent ? { request: sent } : { ignored: true, output: results[0]?.output }
  } catch (error) {
    return { error: { name: error.name, message: error.message } }
  }
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + '\n')
  }
}

main()
