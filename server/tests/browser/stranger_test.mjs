// A page of a stranger, open in the developer's browser, tries to steer and to read the fake: from
// another origin in every way that a page can send a request, and after DNS rebinding from what the
// browser takes for the fake's own. Nothing may change, and nothing may be read.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import http from 'node:http'
import { createInterface } from 'node:readline'
import { after, before, beforeEach, test } from 'node:test'
import { openChromium } from './chromium.mjs'

const program = ['chromium', 'chromium-browser', 'google-chrome']
  .find((name) => spawnSync('which', [name]).status === 0)
if (!program) {
  console.error('stranger: skipped, there is no Chromium (scripts/setup --tests installs it)')
  process.exit(77)
}

const workers = 8
let browser, page, fake, base, evil, evilUrl, rebound
let seen = [] // what the stranger's server was told

// The stranger's server: a page, a redirect to wherever is asked, and an ear.
function answerStranger(request, response) {
  const url = new URL(request.url, 'http://evil.test')
  if (url.pathname === '/redirect') {
    response.writeHead(Number(url.searchParams.get('status')), { location: url.searchParams.get('to') }).end()
    return
  }
  seen.push(url.pathname)
  response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>kittens</title><p>Kittens.')
}

// A request with a connection of its own: the browser makes a crowd, in which idle ones are given up.
function send(method, path, body = '') {
  return new Promise((resolve, reject) => {
    const headers = body ? { 'content-type': 'application/json' } : {}
    http.request(base + path, { method, headers, agent: false }, async (answer) => {
      let text = ''
      for await (const piece of answer) text += piece
      resolve({ status: answer.statusCode, text })
    }).on('error', reject).end(body)
  })
}

async function ask(method, path, body) {
  const { status, text } = await send(method, `/_fakewix${path}`, body && JSON.stringify(body))
  assert.ok(status < 300, `${method} ${path}: ${status} ${text}`)
  return text ? JSON.parse(text) : null
}

// Everything that could have changed.
async function everything() {
  const [snapshot, faults, worlds, journal] =
    await Promise.all(['/snapshot', '/faults', '/worlds', '/journal'].map((path) => ask('GET', path)))
  const clock = await ask('GET', '/worlds/mine/clock')
  return { snapshot, faults, worlds, journal, clock }
}

// The same but for what any request on Wix's plane changes: the browser asks for an icon by itself.
async function everythingOfOurs() {
  const { snapshot: { chance, ...snapshot }, faults, worlds, clock } = await everything()
  return { snapshot, faults, worlds, clock }
}

before(async () => {
  evil = http.createServer(answerStranger).listen(0, '127.0.0.1')
  await new Promise((resolve) => evil.once('listening', resolve))
  evilUrl = `http://evil.test:${evil.address().port}`
  fake = spawn(process.env.FAKEWIX_BIN, ['serve', '--quiet', '--listen', '127.0.0.1:0', '--seed', '1',
    '--clock', '2030-01-01T00:00:00Z!', '--workers', String(workers), '--stop-with-stdin'],
  { stdio: ['pipe', 'pipe', 'ignore'] }) // it goes with this process, also when that is killed
  const { value } = await createInterface(fake.stdout)[Symbol.asyncIterator]().next()
  base = JSON.parse(value).http
  rebound = base.replace('127.0.0.1', 'rebound.test')
  browser = await openChromium(program, ['evil.test', 'rebound.test'])
  page = await browser.newPage()
})

after(async () => {
  await browser?.close()
  fake?.kill()
  evil?.close()
  evil?.closeAllConnections()
})

let state
beforeEach(async () => {
  seen = []
  await ask('POST', '/reset')
  if (!(await ask('GET', '/worlds')).worlds.some(({ world }) => world === 'mine'))
    await ask('POST', '/worlds', { world: 'mine', clock: { now: '2030-01-01T00:00:00Z', mode: 'frozen' } })
  assert.equal((await send('GET', '/conformance/probe')).status, 401) // one entry for the journal
  state = await everything()
  await page.goto(`${evilUrl}/`)
})

// What steers the fake, were it let in.
const steering = [
  ['POST', '/reset', ''],
  ['POST', '/clock/advance', '{"seconds":3600}'],
  ['PUT', '/clock', '{"mode":"real"}'],
  ['POST', '/worlds', '{"world":"theirs"}'],
  ['POST', '/worlds/mine/clock/advance', '{"seconds":1}'],
  ['DELETE', '/worlds/mine', ''],
  ['POST', '/faults', '{"do":{"fault":"status","status":500},"times":-1}'],
  ['DELETE', '/journal', ''],
  ['POST', '/tokens/revoke', '{"app_id":"fa4e0a99-0000-4000-8000-000000000001"}'],
  ['PUT', '/snapshot', '{}'],
  ['PUT', '/config', '{}'],
  ['POST', '/apps', '{"app_id":"theirs","app_secret":"x"}'],
]

// Each runs in the stranger's page, with the fake's control URL as `url`, and gives what it could
// read: null where that is nothing.
const ways = {
  'fetch without CORS': `fetch(url, { method: ['GET', 'POST'].includes(method) ? method : 'POST', mode: 'no-cors',
    credentials: 'include', headers: { 'content-type': 'text/plain' }, body }).then((a) => a.text()).then((t) => t || null)`,
  'fetch with CORS': `fetch(url, { method, headers: { 'content-type': 'application/json' }, body }).then((a) => a.text())`,
  'fetch with CORS and no preflight': `fetch(url, { method: 'POST', headers: { 'content-type': 'text/plain' }, body }).then((a) => a.text())`,
  'XMLHttpRequest': `new Promise((resolve) => { const x = new XMLHttpRequest(); x.open(method, url)
    x.onloadend = () => resolve(x.responseText || null); x.send(body) })`,
  'sendBeacon': `new Promise((resolve) => {
    new PerformanceObserver((list) => list.getEntriesByName(url).length && resolve(null)).observe({ type: 'resource' })
    navigator.sendBeacon(url, new Blob([body ?? ''], { type: 'text/plain' })) })`,
  'fetch by way of a redirect': `fetch('/redirect?status=307&to=' + encodeURIComponent(url),
    { method: 'POST', mode: 'no-cors', body }).then((a) => a.text()).then((t) => t || null)`,
  'a form in a frame': `submit('multipart/form-data')`,
  'a form of text': `submit('text/plain')`,
  'a form in a sandbox': `submit('text/plain', 'allow-forms allow-scripts')`,
}

// A form whose one field is the JSON, split at a quote as text/plain wants it; a frame takes the answer.
const helpers = `
  const submit = (enctype, sandbox) => new Promise((resolve) => {
    const frame = document.createElement('iframe')
    const [name, value] = [(body ?? '').slice(0, -1) + (body ? ',"x":"' : ''), body ? '"}' : '']
    const form = document.createElement('form')
    Object.assign(form, { method: 'POST', action: url, enctype })
    form.append(Object.assign(document.createElement('input'), { name, value }))
    if (sandbox) {
      frame.sandbox = sandbox
      frame.srcdoc = form.outerHTML + '<script>onload = () => setTimeout(() => document.forms[0].submit())</' + 'script>'
      let loads = 0
      frame.onload = () => { if (++loads === 2) resolve(null) }
      document.body.append(frame)
      return
    }
    frame.name = form.target = 'frame' + Math.random()
    document.body.append(frame, form)
    frame.onload = () => { let text = null; try { text = frame.contentDocument?.body.innerText || null } catch {} resolve(text) }
    form.submit()
  })`

function run(way, method, url, body) {
  return page.evaluate(`(async () => {
    const [method, url, body] = ${JSON.stringify([method, url, body || null])}.map((v) => v ?? undefined)
    ${helpers}
    try { return await (${way}) } catch (error) { return null }
  })()`)
}

for (const [name, way] of Object.entries(ways))
  test(`${name} changes nothing`, async () => {
    for (const [method, path, body] of steering) {
      const read = await run(way, method, `${base}/_fakewix${path}`, body)
      assert.equal(read, null, `${method} ${path} was read`)
    }
    assert.deepEqual(await everything(), state)
  })

test('what the fake says is not read', async () => {
  const secrets = ['/apps', '/journal', '/snapshot', '/journal?format=ndjson', '/']
  for (const path of secrets) {
    const url = `${base}/_fakewix${path}`
    for (const way of ['fetch(url).then((a) => a.text())',
      `fetch(url, { mode: 'no-cors' }).then((a) => a.text()).then((t) => t || null)`,
      `fetch('/redirect?status=302&to=' + encodeURIComponent(url)).then((a) => a.text())`,
      `new Promise((resolve) => { const f = document.createElement('iframe'); f.src = url; document.body.append(f)
         f.onload = () => { try { resolve(f.contentDocument?.body.innerText || null) } catch { resolve(null) } } })`,
      `new Promise((resolve) => { const s = document.createElement('script'); s.src = url; document.body.append(s)
         s.onload = () => resolve('it ran as a script'); s.onerror = () => resolve(null) })`,
      `new Promise((resolve) => { const s = new EventSource(url); s.onmessage = (m) => resolve(m.data); s.onerror = () => resolve(null) })`,
      `new Promise((resolve) => { const s = new WebSocket(url.replace('http', 'ws')); s.onopen = () => resolve('open'); s.onerror = () => resolve(null) })`,
    ])
      assert.equal(await run(way, 'GET', url), null, `${way} read ${path}`)
  }
  assert.deepEqual(await everything(), state)
})

// Long polls are GETs without an Origin; were they let in, they would take every thread.
test('the threads cannot be taken away', async () => {
  await page.evaluate(`for (let i = 0; i < ${4 * workers}; i++)
    new Image().src = ${JSON.stringify(base)} + '/_fakewix/journal?wait_ms=60000&count=1000&i=' + i`)
  assert.equal(await page.evaluate(`Promise.all([...Array(${workers})].map((_, i) =>
    fetch(${JSON.stringify(base)} + '/_fakewix/journal?wait_ms=60000&count=1000&j=' + i, { mode: 'no-cors' })
      .then((a) => 'answered', (e) => 'answered'))).then((all) => all.length)`), workers)
  const began = performance.now()
  assert.deepEqual(await everything(), state)
  assert.ok(performance.now() - began < 5000)
})

test('a link may be followed, but mints nothing', async () => {
  const app = state.snapshot.config.apps[0].app_id
  const ours = await everythingOfOurs()
  for (const path of ['/health', `/installs/start?appId=${app}`]) {
    await page.goto(`${evilUrl}/`)
    const loaded = page.loaded()
    await page.evaluate(`location.href = ${JSON.stringify(`${base}/_fakewix${path}`)}`)
    await loaded
    assert.match(await page.text(), path === '/health' ? /"ready":true/ : /takes no requests from other web pages/)
  }
  assert.deepEqual(await everythingOfOurs(), ours)
})

// The stranger's name now leads to this machine: for the browser the page and the fake are of one
// origin, nothing is forbidden to the page, and every answer can be read.
test('DNS rebinding reaches no control path', async () => {
  const ours = await everythingOfOurs()
  await page.goto(`${rebound}/installer/close-window`)
  const { host } = await page.url()
  assert.equal(host, new URL(rebound).host)
  const attempts = [...steering, ...['/apps', '/journal', '/snapshot', '/health', '/'].map((path) => ['GET', path, ''])]
  for (const [method, path, body] of attempts) {
    const answer = await page.evaluate(`fetch(${JSON.stringify(`${rebound}/_fakewix${path}`)}, {
      method: ${JSON.stringify(method)}, headers: { 'content-type': 'application/json' },
      body: ${JSON.stringify(body)} || undefined }).then(async (a) => a.status + ' ' + await a.text())`)
    assert.match(answer, /^403 .*answers to loopback names only/, `${method} ${path}`)
  }
  assert.deepEqual(await everythingOfOurs(), ours)
})

// The ways are good: a page of this machine's own, whose origin is a loopback name, gets through.
test('the same from a page of the developer', async () => {
  await page.goto(evilUrl.replace('evil.test', 'localhost'))
  for (const [name, way] of Object.entries(ways).filter(([name]) => /without|no preflight|beacon|frame|of text/i.test(name))) {
    assert.equal((await send('GET', '/conformance/probe')).status, 401)
    await run(way, 'POST', `${base}/_fakewix/reset`, '')
    assert.deepEqual((await ask('GET', '/journal')).entries, [], name)
  }
})

// The same requests from where they may come: the test above would pass on a fake that is deaf.
test('a program on this machine is let in', async () => {
  for (const [method, path, body] of steering.filter(([, path]) => path !== '/snapshot'))
    await ask(method, path, body && JSON.parse(body))
  assert.notDeepEqual((await ask('GET', '/worlds')).worlds, state.worlds.worlds)
  await ask('DELETE', '/worlds/theirs')
})
