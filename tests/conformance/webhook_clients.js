// Segment's own webhook destinations, run as they are, against a server that writes down what came.
//
// Reads one JSON object per line: {"destination": "webhook" | "webhook-extensible" | "webhook-audiences",
// "settings": {…}, "mapping": {…}, "events": [the events' JSON texts], "batch": bool, "audience": {…}}.
// Writes one per line: {"requests": [{"method", "headers", "body": base64}]} or {"error": {"name", "message"}}.
'use strict'

const http = require('node:http')
const readline = require('node:readline')
const { Destination } = require('@segment/actions-core')

let requests = []

const server = http.createServer((request, response) => {
  const parts = []
  request.on('data', (part) => parts.push(part))
  request.on('end', () => {
    requests.push({ method: request.method, headers: request.headers, body: Buffer.concat(parts).toString('base64') })
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
})

async function send({ destination: slug, settings, mapping, events, batch, audience }, url) {
  const definition = require(`@segment/action-destinations/dist/destinations/${slug}`).default
  // The display name is the key of the settings' schema, and the fast-uri that npm serves refuses one with a blank.
  const destination = new Destination({ ...definition, name: slug })
  const subscription = {
    subscribe: 'type != "nothing"',
    partnerAction: 'send',
    mapping: { url, method: 'POST', data: { '@path': '$.' }, enable_batching: batch, ...mapping }
  }
  const parsed = events.map((text) => JSON.parse(text))
  if (audience) for (const event of parsed) event.context = { ...event.context, personas: { audience_settings: audience } }
  requests = []
  const all = { ...settings, subscriptions: [subscription] }
  try {
    if (batch) await destination.onBatch(parsed, all)
    else for (const event of parsed) await destination.onEvent(event, all)
    return { requests }
  } catch (error) {
    return { error: { name: error.name, message: error.message } }
  }
}

server.listen(0, '127.0.0.1', async () => {
  const url = `http://127.0.0.1:${server.address().port}/segment`
  for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    process.stdout.write(JSON.stringify(await send(JSON.parse(line), url)) + '\n')
  }
  server.closeAllConnections()
  server.close()
})
