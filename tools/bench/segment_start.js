// Segment's engine from nothing to its first delivery: one event on standard input, Rehook's address as argument.
'use strict'

const fs = require('node:fs')
const { against, settings } = require('./segment_worker.js')

against(process.argv[2])
  .onEvent(JSON.parse(fs.readFileSync(0, 'utf8')), settings())
  .then((results) => process.stdout.write(results.some(({ output }) => output === 'Action Executed') ? 'delivered\n' : 'not\n'))
