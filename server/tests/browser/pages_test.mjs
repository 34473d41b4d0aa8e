// The installer's pages in a real browser: mostly without scripts, as they must work.
// SCREENSHOTS=DIR keeps what the browser showed.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import http from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, beforeEach, test } from 'node:test'
import { openChromium } from './chromium.mjs'

const program = ['chromium', 'chromium-browser', 'google-chrome']
  .find((name) => spawnSync('which', [name]).status === 0)
if (!program) {
  console.error('browser: skipped, there is no Chromium (scripts/setup --tests installs it)')
  process.exit(77)
}

let browser, page, fake, base, app, appUrl
let visits = [] // what the app was called with: URL objects

// The app: starts at /signup, takes the code at /login, shows what it is asked to show.
let html = {}
async function answerApp(request, response) {
  const url = new URL(request.url, appUrl)
  visits.push(url)
  if (url.pathname === '/signup') {
    const next = new URL('/installer/install', base)
    next.search = new URLSearchParams({
      token: url.searchParams.get('token'), appId: ids.app, redirectUrl: `${appUrl}/login`, state: 'from signup',
    })
    response.writeHead(302, { location: next.href }).end()
    return
  }
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    .end(html[url.pathname] ?? '<!doctype html><title>the app</title><p>The app is here.')
}

const ids = {
  app: 'fa4e0a99-0000-4000-8000-000000000001',
  secret: 'fa4e5ec7-0000-4000-8000-000000000001',
  site: 'fa4e517e-0000-4000-8000-000000000001',
}

async function ask(path, body) {
  const answer = await fetch(base + path, {
    method: body ? 'POST' : 'GET',
    headers: body ? { 'content-type': 'application/json' } : {},
    body: body && JSON.stringify(body),
  })
  assert.ok(answer.ok, `${path}: ${answer.status}`)
  return answer.status === 204 ? null : answer.json()
}

before(async () => {
  app = http.createServer(answerApp).listen(0, '127.0.0.1')
  await new Promise((resolve) => app.once('listening', resolve))
  appUrl = `http://127.0.0.1:${app.address().port}`
  fake = spawn(process.env.FAKEWIX_BIN, ['serve', '--listen', '127.0.0.1:0', '--stop-with-stdin'],
    { stdio: ['pipe', 'pipe', 'ignore'] })
  const [line] = await createInterface(fake.stdout)[Symbol.asyncIterator]().next().then(({ value }) => [value])
  base = JSON.parse(line).http
  browser = await openChromium(program)
  page = await browser.newPage()
})

after(async () => {
  await browser?.close()
  fake?.kill()
  app?.close()
  app?.closeAllConnections()
})

beforeEach(async () => {
  visits = []
  html = {}
  await ask('/_fakewix/reset', {})
  await ask('/_fakewix/apps', {
    app_id: ids.app, app_secret: ids.secret, name: 'Acme Orders', app_url: `${appUrl}/signup`,
    redirect_urls: [`${appUrl}/login`], permissions: ['WIX_STORES.READ_PRODUCTS', 'WIX_ECOM.READ_ORDERS'],
  })
  await page.scripts(false)
  await page.look()
})

function installUrl(params) {
  return `${base}/installer/install?` + new URLSearchParams({ appId: ids.app, redirectUrl: `${appUrl}/login`, ...params })
}

test('from "add to site" to the closed window, without a script', async () => {
  await page.goto(`${base}/_fakewix/installs`)
  await page.follow('Add to site')
  const consent = await page.text()
  for (const words of ['Acme Orders', 'Corner Bakery', 'Read products', 'WIX_ECOM.READ_ORDERS'])
    assert.ok(consent.includes(words), words)
  await page.follow('Agree')
  const callback = (await page.url()).searchParams
  assert.deepEqual([...callback.keys()], ['code', 'state', 'instanceId'])
  assert.equal(callback.get('state'), 'from signup')
  const tokens = await ask('/oauth/access', {
    grant_type: 'authorization_code', client_id: ids.app, client_secret: ids.secret, code: callback.get('code'),
  })
  await page.goto(`${base}/installer/close-window?access_token=${tokens.access_token}`)
  assert.match(await page.text(), /The app is installed/)
})

test('consent may be asked before the App URL is called', async () => {
  await fetch(`${base}/_fakewix/profile`, {
    method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"consent_asked":"before-app-url"}',
  })
  await page.goto(`${base}/_fakewix/installs`)
  await page.follow('Add to site')
  await page.follow('Agree')
  assert.equal((await page.url()).origin, appUrl)
  assert.deepEqual(visits.map((url) => url.pathname).filter((path) => path !== '/favicon.ico'), ['/signup', '/login'])
})

test('Decline installs nothing and sends the browser nowhere', async () => {
  await page.goto(installUrl({ state: 's' }))
  await page.follow('Decline')
  assert.match(await page.text(), /Nothing was installed/)
  assert.equal((await page.url()).origin, base)
  assert.deepEqual(visits.filter((url) => url.pathname === '/login'), [])
})

test('an unregistered redirect URL gets the error page', async () => {
  await page.goto(installUrl({ redirectUrl: `${appUrl}/login/` }))
  assert.match(await page.evaluate('document.querySelector("h1").textContent'),
    /We couldn't find an app with this redirect url/)
  assert.equal((await page.url()).origin, base)
  assert.deepEqual(visits.filter((url) => url.pathname.startsWith('/login')), [])
})

const states = {
  'markup': '"><script>document.title="broken"</script><!--',
  'line ends': 'a\r\nb\nc\rd',
  'percent signs and pluses': '100%25 + 1%0A & x=y # z',
  'other scripts': 'מצב ✓ 😀 \u202e',
  'JSON': '{"a":["b\\"c",null]}',
  'nothing': '',
}
for (const [what, state] of Object.entries(states))
  test(`a state of ${what} comes back as it was sent`, async () => {
    await page.scripts(true)
    await page.goto(installUrl({ state }))
    assert.equal(await page.evaluate('document.title'), 'Add this app?')
    await page.follow('Agree')
    assert.equal((await page.url()).searchParams.get('state'), state)
  })

test('names that are markup are shown, not obeyed', async () => {
  const name = '<img src=x onerror="window.obeyed=1"><b>&amp;'
  await ask('/_fakewix/apps', {
    app_id: ids.app, app_secret: ids.secret, name, app_url: `${appUrl}/signup`,
    redirect_urls: [`${appUrl}/login`], permissions: ['<script>window.obeyed=1</script>'],
  })
  await ask('/_fakewix/sites', { site_id: ids.site, display_name: '</option><script>window.obeyed=1</script>' })
  await page.scripts(true)
  for (const url of [installUrl(), `${base}/_fakewix/installs`, installUrl({ redirectUrl: `${appUrl}/"><script>window.obeyed=1</script>` })]) {
    await page.goto(url)
    assert.equal(await page.evaluate('window.obeyed'), undefined, url)
    assert.equal(await page.evaluate('document.querySelectorAll("main img, main script, main b").length'), 0, url)
  }
  await page.goto(installUrl())
  assert.ok((await page.text()).includes(name))
})

test('the consent page works inside a frame', async () => {
  html['/frame'] = `<!doctype html><iframe width=600 height=700 src="${installUrl({ state: 'framed' }).replaceAll('&', '&amp;')}"></iframe>`
  await page.goto(`${appUrl}/frame`)
  const arrived = new Promise((resolve) => app.on('request', (request) => request.url.startsWith('/login') && resolve(request.url)))
  // The frame belongs to another origin, so the mouse goes where the button is seen.
  const consent = await browser.newPage()
  await consent.look({ width: 600, height: 700 })
  await consent.goto(installUrl({ state: 'framed' }))
  const box = await consent.evaluate('(({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 }))(document.querySelector("button.first").getBoundingClientRect())')
  const frame = await page.evaluate('(({ x, y }) => ({ x, y }))(document.querySelector("iframe").getBoundingClientRect())')
  const at = { x: frame.x + box.x + 2, y: frame.y + box.y + 2 }
  let url
  while (!url) { // a frame that is loaded need not be painted yet, and takes no click before
    for (const type of ['mousePressed', 'mouseReleased'])
      await page.send('Input.dispatchMouseEvent', { type, ...at, button: 'left', clickCount: 1 })
    url = await Promise.race([arrived, new Promise((resolve) => setTimeout(resolve, 1000))])
  }
  assert.match(url, /state=framed/)
})

test('close-window closes a window that a page opened', async () => {
  const { code } = await ask('/_fakewix/installs', { app_id: ids.app, site_id: ids.site })
  const { access_token } = await ask('/oauth/access', {
    grant_type: 'authorization_code', client_id: ids.app, client_secret: ids.secret, code,
  })
  await page.scripts(true)
  html['/opener'] = `<!doctype html><button onclick="opened = window.open('${base}/installer/close-window?access_token=${access_token}')">open</button>`
  await page.goto(`${appUrl}/opener`)
  await page.press('document.querySelector("button")')
  assert.equal(await page.evaluate(`new Promise((resolve, reject) => {
    const timer = setInterval(() => opened.closed && (clearInterval(timer), resolve('closed')), 20)
    setTimeout(() => resolve('still open'), 8000)
  })`), 'closed')
})

test('an app is installed from outside, on a site of choice', async () => {
  await ask('/_fakewix/sites', { site_id: 'second', display_name: 'Second Site' })
  await page.goto(`${base}/app-installer?appId=${ids.app}&postInstallationUrl=${encodeURIComponent(`${appUrl}/done?user=7`)}`)
  await page.press('document.querySelector("input[value=second]")')
  await page.follow('Agree')
  const url = await page.url()
  assert.deepEqual([...url.searchParams.keys()], ['user', 'appId', 'tenantId', 'instanceId', 'signedInstance'])
  assert.equal(url.searchParams.get('tenantId'), 'second')
})

test('a device code is filled in where the link has it, and then agreed to', async () => {
  const { userCode } = await ask(`/oauth2/device/code?clientId=${ids.app}`)
  await page.goto(`${base}/login/device-login?user_code=${userCode}`)
  await page.follow('Agree')
  assert.match(await page.text(), /The device is connected/)
  await page.goto(`${base}/login/device-login?user_code=${encodeURIComponent('"><script>')}`)
  assert.equal(await page.evaluate('document.querySelector("input").value'), '"><script>')
  await page.follow('Decline')
  assert.match(await page.text(), /No device waits for this code[^]*A code lives for ten minutes/)
  await page.follow('Type it again')
  assert.match(await page.text(), /Connect a device/)
})

test('the start page leads to all that the fake shows', async () => {
  await page.goto(`${base}/_fakewix`)
  const links = await page.evaluate('[...document.links].map((link) => link.href)')
  assert.ok(links.length > 8)
  for (const link of links)
    assert.equal((await fetch(link)).status, 200, link)
  await page.follow('add an app to a site')
  await page.follow('Add to site')
  assert.match(await page.text(), /Acme Orders/)
})

// The importer that the "Import HAR" button of the Network panel calls, in the browser's own tools.
const importHar = (har) => `(async () => {
  const tools = await import('devtools://devtools/bundled/models/har/har.js').catch(() => null)
  if (!tools) return null
  const root = new tools.HARFormat.HARRoot(${har})
  const requests = tools.Importer.Importer.requestsFromHARLog(root.log)
  return Promise.all(requests.map(async (request) => ({
    method: request.requestMethod, path: new URL(request.url()).pathname, status: request.statusCode,
    text: request.statusText, kind: request.resourceType().name(), mime: request.mimeType,
    form: await request.requestFormData(), type: request.requestHeaderValue('content-type'),
    answer: (await request.requestContentData()).text, started: request.startTime, ms: request.duration * 1000,
  })))
})()`

test('the journal as HAR opens in the developer tools', async (context) => {
  const body = JSON.stringify({ grant_type: 'client_credentials', client_id: ids.app, client_secret: ids.secret })
  const tokens = await (await fetch(`${base}/oauth2/token`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body })).text()
  await fetch(`${base}/apps/v1/instance`)
  await fetch(installUrl())
  const har = await (await fetch(`${base}/_fakewix/journal?format=har`)).text()
  await page.scripts(true)
  await page.goto('devtools://devtools/bundled/devtools_app.html')
  const seen = await page.evaluate(importHar(har))
  if (!seen) return context.skip('this Chromium keeps its importer elsewhere')
  assert.deepEqual(seen.map(({ method, path, status, text, kind }) => [method, path, status, text, kind]), [
    ['POST', '/oauth2/token', 200, 'OK', 'fetch'],
    ['GET', '/apps/v1/instance', 401, 'Unauthorized', 'fetch'],
    ['GET', '/installer/install', 200, 'OK', 'document'],
  ])
  assert.equal(seen[0].form, body)
  assert.equal(seen[0].answer, tokens)
  assert.equal(seen[0].mime, 'application/json')
  assert.match(seen[2].answer, /^<!doctype html>/)
  for (const { started, ms } of seen)
    assert.ok(Math.abs(started - Date.now() / 1000) < 600 && ms >= 0 && ms < 60000, `${started} ${ms}`)
})

for (const width of [320, 1000])
  for (const dark of [false, true])
    test(`pages fit ${width} pixels in ${dark ? 'dark' : 'light'} colours`, async () => {
      await ask('/_fakewix/sites', { site_id: 'second', display_name: 'A second site, whose name is as long as somebody made it' })
      await ask('/_fakewix/faults', { on: { route: 'POST /oauth/access', grant: 'refresh_token' }, do: { fault: 'unavailable' } })
      await fetch(`${base}/a/path/without/an/end/${'x'.repeat(200)}`)
      await page.look({ width, height: 800, dark })
      const pages = { consent: installUrl({ state: 's' }), installs: `${base}/_fakewix/installs`, home: `${base}/_fakewix/`,
        device: `${base}/login/device-login?user_code=ABCD2345`, error: installUrl({ redirectUrl: 'https://elsewhere.example/a-very-long-path-without-any-break-in-it-at-all' }) }
      for (const [name, url] of Object.entries(pages)) {
        await page.goto(url)
        if (process.env.SCREENSHOTS)
          await page.screenshot(join(process.env.SCREENSHOTS, `${name}-${width}-${dark ? 'dark' : 'light'}.png`))
        assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), name)
      }
    })
