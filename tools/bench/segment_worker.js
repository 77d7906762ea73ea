// Segment's engine at work, for the bench: reads a job a line, answers what it took. See tools/bench/workers.py.
//
//     {"job": "memory", "args": {"events": "<NDJSON file>"}}    →    {"count", "wall", "cpu"}   (seconds)
//
// The packages are those of tests/conformance. Only the last step differs from what Segment runs: the wire.
'use strict'

const fs = require('node:fs')
const path = require('node:path')
const readline = require('node:readline')
const { createRequire } = require('node:module')

const locked = createRequire(path.join(__dirname, '../../tests/conformance/package.json'))
const fetching = locked(path.join(path.dirname(locked.resolve('@segment/actions-core')), 'fetch.js'))
const { Destination } = locked('@segment/actions-core')
const { transform } = locked('@segment/actions-core/mapping-kit')
const { parseFql, validate } = locked('@segment/destination-subscriptions')
const rehook = locked('@segment/action-destinations/dist/destinations/rehook').default

const COPIES = 64
const BODY = '{"message":"Request processed sucessfully","requestId":"6df44043"}'
const realFetch = fetching.default

function lines(file) {
  return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean)
}

function defaults(action) {
  return Object.fromEntries(Object.entries(rehook.actions[action].fields).map(([name, field]) => [name, field.default]))
}

function subscription(action, trigger) {
  return { subscribe: trigger ?? rehook.actions[action].defaultSubscription, partnerAction: action, mapping: defaults(action) }
}

function settings(subscriptions) {
  return {
    api_key: 'key-1',
    api_secret: 'secret-1',
    subscriptions: subscriptions ?? [subscription('identifyUser'), subscription('trackEvent')]
  }
}

// Calls go to the bench's server: Rehook's address is a constant of each action.
function against(url) {
  const actions = {}
  for (const [name, action] of Object.entries(rehook.actions)) {
    const perform = (request, data) => action.perform((address, options) => request(url + new URL(address).pathname, options), data)
    actions[name] = { ...action, perform }
  }
  return new Destination({ ...rehook, actions })
}

let delivered = 0

function inMemory() {
  fetching.default = async () => {
    delivered += 1
    return new fetching.Response(BODY, { status: 200, headers: { 'content-type': 'application/json' } })
  }
}

function overHttp() {
  fetching.default = async (request) => {
    const response = await realFetch(request)
    delivered += response.status === 200
    return response
  }
}

const yielded = () => new Promise(setImmediate)

// Of what `work` does `count` times: seconds on the clock, and of processor time.
async function timed(count, work) {
  await yielded()
  const cpu = process.cpuUsage()
  const start = process.hrtime.bigint()
  await work()
  const wall = Number(process.hrtime.bigint() - start) / 1e9
  const { user, system } = process.cpuUsage(cpu)
  return { count, wall, cpu: (user + system) / 1e6 }
}

// The same of events: `delivered` is how many of them came to a call that was answered with 200.
async function delivering(count, work) {
  delivered = 0
  const figures = await timed(count, work)
  return { ...figures, delivered }
}

const JOBS = {
  // One event after the other: the response list is cleared and the loop is yielded to, or memory runs away.
  memory({ events, subscriptions }) {
    const texts = lines(events)
    const destination = new Destination(rehook)
    const all = settings(subscriptions)
    return () => {
      inMemory()
      return delivering(texts.length, async () => {
        for (const text of texts) {
          await destination.onEvent(JSON.parse(text), all)
          destination.responses.length = 0
          await yielded()
        }
      })
    }
  },

  http({ events, url, inFlight }) {
    const texts = lines(events)
    const destination = against(url)
    const all = settings()
    return () => {
      overHttp()
      let next = 0
      const one = async () => {
        while (next < texts.length) {
          await destination.onEvent(JSON.parse(texts[next++]), all)
          destination.responses.length = 0
        }
      }
      return delivering(texts.length, () => Promise.all(Array.from({ length: inFlight }, one)))
    }
  },

  // One case of the language, `times` over; `output` is what it gives before anything is timed. The input comes as
  // many objects, as events do, and what is given is looked at: V8 leaves out what makes no difference.
  language({ mapping, fql, input, times, parse }) {
    const inputs = Array.from({ length: COPIES }, () => structuredClone(input))
    const parsed = fql === undefined ? undefined : parseFql(fql)
    const matches = parse ? (event) => validate(parseFql(fql), event) : (event) => validate(parsed, event)
    const once = parsed ? matches : (event) => transform(mapping, event)
    const output = JSON.parse(JSON.stringify(once(structuredClone(input))))
    let truthy = 0
    return async () => {
      const figures = await timed(times, () => {
        for (let n = 0; n < times; n++) if (once(inputs[n % COPIES])) truthy += 1
      })
      return { ...figures, output, truthy }
    }
  }
}

async function main() {
  const prepared = new Map()
  for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    if (!prepared.has(line)) {
      const { job, args } = JSON.parse(line)
      prepared.set(line, JOBS[job](args))
    }
    process.stdout.write(JSON.stringify(await prepared.get(line)()) + '\n')
  }
}

if (require.main === module) main()
module.exports = { against, settings }
