// A headless Chromium, driven over its debugging pipe: no driver, no package, no port.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const flags = [
  '--headless=new', '--remote-debugging-pipe', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--disable-extensions', '--disable-dev-shm-usage', '--hide-scrollbars',
]

// Nothing but this machine can be looked up, whatever a page or the browser itself may want; `hosts`
// are further names for it.
function resolverRules(hosts) {
  const names = hosts.map((host) => `MAP ${host} 127.0.0.1`)
  return `--host-resolver-rules=${[...names, 'MAP * ~NOTFOUND', 'EXCLUDE 127.0.0.1', 'EXCLUDE localhost'].join(', ')}`
}

// One conversation over the pipe: JSON texts, each behind a NUL.
class Wire {
  constructor(child) {
    this.out = child.stdio[3]
    this.next = 1
    this.waiting = new Map()
    this.listeners = []
    let text = ''
    child.stdio[4].setEncoding('utf8').on('data', (piece) => {
      const parts = (text + piece).split('\0')
      text = parts.pop()
      for (const part of parts) this.take(JSON.parse(part))
    })
  }

  take(message) {
    const waiting = this.waiting.get(message.id)
    if (!waiting) {
      this.listeners.filter((listener) => listener(message)).forEach((listener) => this.unlisten(listener))
      return
    }
    this.waiting.delete(message.id)
    if (message.error) waiting.reject(new Error(`${waiting.method}: ${message.error.message}`))
    else waiting.resolve(message.result)
  }

  unlisten(listener) {
    this.listeners = this.listeners.filter((other) => other !== listener)
  }

  send(method, params = {}, sessionId) {
    const id = this.next++
    this.out.write(JSON.stringify({ id, method, params, sessionId }) + '\0')
    return new Promise((resolve, reject) => this.waiting.set(id, { method, resolve, reject }))
  }

  // The next event of that name in that session; it must come within half a minute.
  event(method, sessionId) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${method} came`)), 30000)
      this.listeners.push((message) => {
        if (message.method !== method || message.sessionId !== sessionId) return false
        clearTimeout(timer)
        resolve(message.params)
        return true
      })
    })
  }
}

class Page {
  constructor(wire, session) {
    this.wire = wire
    this.session = session
  }

  send(method, params) {
    return this.wire.send(method, params, this.session)
  }

  loaded() {
    return this.wire.event('Page.loadEventFired', this.session)
  }

  async goto(url) {
    const loaded = this.loaded()
    await this.send('Page.navigate', { url })
    await loaded
  }

  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate',
      { expression, returnByValue: true, awaitPromise: true })
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }

  text() {
    return this.evaluate('document.body.innerText')
  }

  async url() {
    return new URL(await this.evaluate('location.href'))
  }

  scripts(on) {
    return this.send('Emulation.setScriptExecutionDisabled', { value: !on })
  }

  // The mouse goes to the middle of what `find`, an expression, gives, and presses.
  async press(find) {
    const box = await this.evaluate(`(() => {
      const element = ${find}
      element.scrollIntoView({ block: 'center' })
      const box = element.getBoundingClientRect()
      return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
    })()`)
    for (const type of ['mousePressed', 'mouseReleased'])
      await this.send('Input.dispatchMouseEvent', { type, ...box, button: 'left', clickCount: 1 })
  }

  // Press the button or link with that text, and wait for the page it leads to.
  async follow(text) {
    const loaded = this.loaded()
    await this.press(`[...document.querySelectorAll('button, a')].find((e) => e.textContent === ${JSON.stringify(text)})`)
    await loaded
  }

  look({ width = 1000, height = 800, dark = false } = {}) {
    return Promise.all([
      this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false }),
      this.send('Emulation.setEmulatedMedia', {
        features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }],
      }),
    ])
  }

  async screenshot(file) {
    await this.send('Page.bringToFront') // a page behind another one is never drawn
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' })
    writeFileSync(file, Buffer.from(data, 'base64'))
  }
}

export async function openChromium(program, hosts = []) {
  const profile = mkdtempSync(join(tmpdir(), 'fakewix-chromium-'))
  const sandbox = process.getuid() === 0 ? ['--no-sandbox'] : []
  const child = spawn(program, [...flags, resolverRules(hosts), ...sandbox, `--user-data-dir=${profile}`, 'about:blank'],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
  const gone = new Promise((resolve) => child.on('exit', resolve))
  const wire = new Wire(child)
  return {
    async newPage() {
      const { targetId } = await wire.send('Target.createTarget', { url: 'about:blank' })
      const { sessionId } = await wire.send('Target.attachToTarget', { targetId, flatten: true })
      const page = new Page(wire, sessionId)
      await page.send('Page.enable')
      return page
    },
    async close() {
      wire.send('Browser.close').catch(() => {})
      await gone
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
