// A world, and the control plane of it. What the fake answers is given as it is: its names are those
// of docs/CONTROL-API.md.
import { AssertionError } from 'node:assert';
import { call, query } from './call.js';

class Clock {
    constructor(world) {
        this.world = world;
    }

    get() {
        return this.world.call('GET', '/clock');
    }

    set(time) {
        const now = time instanceof Date ? time.toISOString() : time;
        return this.world.call('PUT', '/clock', typeof now === 'number' ? { now_ms: now } : { now });
    }

    freeze() {
        return this.world.call('PUT', '/clock', { mode: 'frozen' });
    }

    run(rate = 1) {
        return this.world.call('PUT', '/clock', rate === 1 ? { mode: 'real' } : { mode: 'scaled', rate });
    }

    advance(seconds) {
        return this.world.call('POST', '/clock/advance', { ms: Math.round(seconds * 1000) });
    }
}

class Fault {
    constructor(world, armed) {
        this.world = world;
        this.id = armed.fault_id;
    }

    state() {
        return this.world.call('GET', `/faults/${this.id}`);
    }

    async hits() {
        return (await this.state()).hits;
    }

    // Wait until that many requests are held by it.
    async waiting(count = 1, timeout = 5000) {
        const state = await this.world.call('GET', `/faults/${this.id}${query({ waiting: count, wait_ms: timeout })}`);
        const waiting = state.waiting ?? 0;
        if (waiting < count)
            throw new AssertionError({
                message: `${count} requests should wait at ${this.id}, ${waiting} do`,
                actual: waiting, expected: count, operator: 'waiting', stackStartFn: this.waiting,
            });
        return state;
    }

    release() {
        return this.world.call('POST', `/faults/${this.id}/release`);
    }

    disarm() {
        return this.world.call('DELETE', `/faults/${this.id}`);
    }
}

class Faults {
    constructor(world) {
        this.world = world;
    }

    async arm(fault) {
        return new Fault(this.world, await this.world.call('POST', '/faults', fault));
    }

    // The commonest case: the next request of a route meets a fault.
    next(route, fault, { times = 1, ...on } = {}) {
        return this.arm({ on: { route, ...on }, times, do: typeof fault === 'string' ? { fault } : fault });
    }

    async list() {
        return (await this.world.call('GET', '/faults')).faults;
    }

    clear() {
        return this.world.call('DELETE', '/faults');
    }
}

// What is true, or false, of a mistyped route because nothing has it.
function doubt({ warning, nearest_routes }) {
    return warning ? `; ${warning} (${nearest_routes.join(', ')})` : '';
}

function explain(check) {
    const where = check.query ? ` ${JSON.stringify(check.query)}` : '';
    const nearest = check.nearest?.differs
        ?.map(({ field, expected, seen }) => `${field} ${JSON.stringify(seen)}, not ${JSON.stringify(expected)}`);
    const nearby = nearest ? `; nearest is entry ${check.nearest.seq}: ${nearest.join(', ')}` : '';
    return `${check.check}${where}: expected ${check.expected}, seen ${check.seen}${nearby}${doubt(check)}`;
}

class Journal {
    constructor(world) {
        this.world = world;
    }

    async entries(filter = {}) {
        return (await this.world.call('GET', `/journal${query(filter)}`)).entries;
    }

    async count(filter = {}) {
        return (await this.entries(filter)).length;
    }

    // Wait until `count` entries fit; gives them.
    async wait(filter = {}, { count = 1, timeout = 5000 } = {}) {
        const entries = await this.entries({ ...filter, count, wait_ms: timeout });
        if (entries.length < count)
            throw new AssertionError({
                message: `${count} exchanges should fit ${JSON.stringify(filter)} within ${timeout} ms, ${entries.length} do`,
                actual: entries.length, expected: count, operator: 'wait', stackStartFn: this.wait,
            });
        return entries;
    }

    verify(question) {
        return this.world.call('POST', '/journal/verify', question);
    }

    // Verify, and throw an AssertionError that says what was seen instead.
    async expect(question) {
        const report = await this.verify(question);
        for (const check of report.checks.filter(({ ok, warning }) => ok && warning))
            process.emitWarning(doubt(check).slice(2), 'FakewixWarning');
        if (report.ok)
            return report;
        const wrong = report.checks.filter((check) => !check.ok);
        throw new AssertionError({
            message: `the journal is not as expected:\n${wrong.map((check) => `  ${explain(check)}`).join('\n')}`,
            actual: wrong.map((check) => check.seen),
            expected: wrong.map((check) => check.expected),
            operator: 'journal',
            stackStartFn: this.expect,
        });
    }

    har(filter = {}) {
        return this.world.call('GET', `/journal${query({ ...filter, format: 'har' })}`);
    }

    clear() {
        return this.world.call('DELETE', '/journal');
    }
}

export class World {
    #target;
    #isDefault;

    constructor(target, made, isDefault) {
        this.#target = target;
        this.#isDefault = isDefault;
        Object.assign(this, {
            name: made.world,
            url: made.http,
            httpsUrl: made.https ?? null,
            appId: made.app_id ?? null,
            appSecret: made.app_secret ?? null,
            instanceId: made.instance_id ?? null,
            siteId: made.site_id ?? null,
            clock: new Clock(this),
            faults: new Faults(this),
            journal: new Journal(this),
        });
    }

    // Any call of docs/CONTROL-API.md, in this world.
    call(method, path, body, options) {
        return call(this.#target, method, `/worlds/${this.name}${path}`, body, options);
    }

    reset() {
        return this.call('POST', '/reset').then(() => undefined);
    }

    delete() {
        if (this.#isDefault)
            throw new TypeError('the default world stays; reset() empties it');
        return call(this.#target, 'DELETE', `/worlds/${this.name}`);
    }

    [Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')]() {
        return this.delete();
    }

    // An installation without a browser: {instance_id, app_url, code, callback_url}.
    install({ appId = this.appId, siteId = this.siteId, redirectUrl, state } = {}) {
        return this.call('POST', '/installs',
            { app_id: appId, site_id: siteId, redirect_url: redirectUrl, state });
    }

    uninstall(instanceId = this.instanceId) {
        return this.call('POST', `/instances/${instanceId}/uninstall`);
    }

    reinstall(instanceId = this.instanceId) {
        return this.call('POST', `/instances/${instanceId}/reinstall`);
    }

    // The `instance` parameter that Wix gives an app's pages.
    signInstance(wish = {}, instanceId = this.instanceId) {
        return this.call('POST', `/instances/${instanceId}/sign`, wish);
    }

    // By default every token of the world's app.
    expireTokens(filter = { app_id: this.appId }) {
        return this.call('POST', '/tokens/expire', filter);
    }

    revokeTokens(filter = { app_id: this.appId }) {
        return this.call('POST', '/tokens/revoke', filter);
    }

    async apps() {
        return (await this.call('GET', '/apps')).apps;
    }

    async sites() {
        return (await this.call('GET', '/sites')).sites;
    }

    async instances() {
        return (await this.call('GET', '/instances')).instances;
    }

    putApp(app) {
        return this.call('POST', '/apps', app);
    }

    putSite(site) {
        return this.call('POST', '/sites', site);
    }

    putInstance(instance) {
        return this.call('POST', '/instances', instance);
    }

    config() {
        return this.call('GET', '/config');
    }

    loadConfig(config) {
        return this.call('PUT', '/config', config);
    }

    snapshot() {
        return this.call('GET', '/snapshot');
    }

    loadSnapshot(snapshot) {
        return this.call('PUT', '/snapshot', snapshot);
    }

    lifetimes(changes) {
        return changes ? this.call('PUT', '/lifetimes', changes) : this.call('GET', '/lifetimes');
    }

    profile(changes) {
        return changes ? this.call('PUT', '/profile', changes) : this.call('GET', '/profile');
    }

    sendEvent(event) {
        return this.call('POST', '/events', event);
    }

    async events(filter = {}) {
        return (await this.call('GET', `/events${query(filter)}`)).events;
    }

    async lint() {
        return (await this.call('GET', '/lint')).findings;
    }
}
