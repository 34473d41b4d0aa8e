/** fakewix for tests in Node. What the fake answers keeps the names of docs/CONTROL-API.md. */

export interface StartOptions {
    /** The program; FAKEWIX_BIN, or `fakewix` on the PATH. */
    program?: string;
    /** Address to listen on; any free port of 127.0.0.1. */
    listen?: string;
    /** "2030-01-01T00:00:00Z"; with a ! behind it the clock stands still. */
    clock?: string;
    /** The same ids and tokens in every run. */
    seed?: number;
    /** Keep what happened in this file. */
    state?: string;
    /** "auto": the consent page agrees by itself. */
    consent?: 'ask' | 'auto';
    workers?: number;
    /** What clients' mistakes do at the end; with "fail", stop() rejects. */
    lint?: 'report' | 'fail' | 'off';
    controlToken?: string;
    /** The default world's content. */
    config?: Config;
    /** Further options of `fakewix serve`. */
    args?: string[];
    /** Where the program's stderr goes: kept for the error of stop(), or shown as well. */
    stderr?: 'keep' | 'inherit';
}

/** Start `fakewix serve` and wait until it listens. */
export function start(options?: StartOptions): Promise<Fake>;

/** Use a fake that runs already. */
export function connect(url: string, options?: { controlToken?: string }): Promise<Fake>;

/** The fake said no, or could not be asked. */
export class FakewixError extends Error {
    constructor(message: string, details?: { status?: number | null; body?: unknown });
    /** Of the answer, or the exit status of a program that ended badly. */
    status?: number | null;
    body?: any;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Fake {
    /** "http://127.0.0.1:40123". */
    readonly url: string;
    readonly httpsUrl: string | null;
    /** The file of the certificate authority, where it listens over TLS. */
    readonly ca: string | null;
    readonly pid: number | null;
    /** The world that is there without anybody making it. */
    defaultWorld(): Promise<World>;
    /** A world of its own for a test. */
    world(wish?: WorldWish): Promise<World>;
    /** The names of all worlds. */
    worlds(): Promise<string[]>;
    health(): Promise<{ ready: true; version: string; worlds: number; journal: number }>;
    /** Any call of the control plane, for the default world. */
    call<T = any>(method: Method, path: string, body?: unknown, options?: { signal?: AbortSignal }): Promise<T>;
    /** End the program. Rejects where it ended badly. Does nothing to a fake one connected to. */
    stop(): Promise<{ status: 0; signal: null; stderr: string } | undefined>;
    [Symbol.asyncDispose](): Promise<unknown>;
}

export interface WorldWish {
    name?: string;
    /** Instead of a fresh app, site and installation. */
    config?: Config;
    clock?: string | { now?: string; now_ms?: number; mode?: ClockMode };
    seed?: number;
    /** Delete it by itself after so many seconds. */
    ttl_s?: number;
    /** What another world's snapshot() gave; tokens of that world are good here too. */
    snapshot?: Snapshot;
}

export interface World {
    readonly name: string;
    /** Where the client under test finds Wix. */
    readonly url: string;
    readonly httpsUrl: string | null;
    /** The ids of the first app, instance and site; null where there is none. */
    readonly appId: string;
    readonly appSecret: string;
    readonly instanceId: string;
    readonly siteId: string;

    readonly clock: Clock;
    readonly faults: Faults;
    readonly journal: Journal;

    /** Any call of the control plane, for this world. */
    call<T = any>(method: Method, path: string, body?: unknown, options?: { signal?: AbortSignal }): Promise<T>;
    /** Everything as it was when the world was made. */
    reset(): Promise<void>;
    delete(): Promise<void>;
    [Symbol.asyncDispose](): Promise<void>;

    /** An installation without a browser. On an installed app: the same instance and a new code. */
    install(wish?: { appId?: string; siteId?: string; redirectUrl?: string; state?: string }): Promise<Install>;
    uninstall(instanceId?: string): Promise<Instance>;
    reinstall(instanceId?: string): Promise<Instance>;
    /** The `instance` parameter that Wix gives an app's pages. */
    signInstance(wish?: InstanceWish, instanceId?: string): Promise<{ instance: string; payload: Record<string, unknown> }>;

    /** Tokens die now; by default all of the world's app. */
    expireTokens(filter?: TokenFilter): Promise<object>;
    revokeTokens(filter?: TokenFilter): Promise<object>;

    apps(): Promise<App[]>;
    sites(): Promise<Site[]>;
    instances(): Promise<Instance[]>;
    putApp(app: App): Promise<App>;
    putSite(site: Site): Promise<Site>;
    putInstance(instance: Omit<Instance, 'state'>): Promise<Omit<Instance, 'state'>>;

    config(): Promise<Config>;
    /** Reload: the world becomes what the config says, whole or not at all. */
    loadConfig(config: Config): Promise<Config>;
    snapshot(): Promise<Snapshot>;
    loadSnapshot(snapshot: Snapshot): Promise<void>;
    lifetimes(changes?: Lifetimes): Promise<Required<Lifetimes>>;
    profile(changes?: Profile): Promise<Profile>;

    /** Send webhooks now. */
    sendEvent(event: { event_type: string; [member: string]: unknown }): Promise<any>;
    events(filter?: { event_type?: string; app?: string; instance?: string; wait_ms?: number }): Promise<any[]>;
    /** What clients did wrong. */
    lint(): Promise<Finding[]>;
}

export type ClockMode = 'real' | 'frozen' | 'scaled';

export interface Time {
    now: string;
    now_ms: number;
    mode: ClockMode;
    rate: number;
}

export interface Clock {
    get(): Promise<Time>;
    /** A Date, Unix milliseconds or "2030-01-01T00:00:00Z"; the mode stays. */
    set(time: Date | number | string): Promise<Time>;
    freeze(): Promise<Time>;
    /** As fast as the machine's clock, or `rate` times as fast. */
    run(rate?: number): Promise<Time>;
    /** Let time pass. Webhooks that fall due are delivered before it resolves, and listed. */
    advance(seconds: number): Promise<Time & { fired: any[] }>;
}

export interface Condition {
    /** "POST /oauth2/token"; * and ? stand for any characters and any one. */
    route?: string;
    app_id?: string;
    instance_id?: string;
    grant?: string;
    header?: Record<string, string>;
    body_contains?: string;
    /** From the nth fitting request on. */
    nth?: number;
    every?: number;
    after?: { route?: string; count?: number };
    status?: number;
    until_ms?: number;
    probability?: number;
    [condition: string]: unknown;
}

/** `fakewix tables faults` says what each does and takes. */
export type FaultName =
    | 'pass' | 'rotate-refresh-token' | 'token-shape' | 'lifetime' | 'status' | 'refuse' | 'redirect'
    | 'echo' | 'edit' | 'escapes' | 'gzip' | 'date' | 'callback' | 'expire' | 'revoke' | 'uninstall'
    | 'advance' | 'delay' | 'hold' | 'silence' | 'reset' | 'close' | 'truncate' | 'drip' | 'stall'
    | 'length' | 'endless' | 'chunked' | 'http10' | 'interim' | 'header-case' | 'garbage'
    | 'refuse-connections' | 'accept-silence' | 'reset-connections' | 'bad-certificate' | 'html'
    | 'firewall'
    | 'too-many-requests' | 'unavailable' | 'invalid-grant' | 'ok-with-error' | 'empty-object'
    | '401-unauthenticated' | '401-no-identity' | '401-no-account' | '401-no-site' | '401-bearer'
    | '401-empty' | '403-bare' | '403-permission' | '403-site' | 'bom' | 'trailing-garbage'
    | 'token-in-500' | 'created' | 'no-content-type' | 'text-plain';

export interface FaultAction {
    fault: FaultName;
    [parameter: string]: unknown;
}

export interface FaultRule {
    on?: Condition;
    /** How often; -1 has no end. 1 by default. */
    times?: number;
    /** "after" lets the handler commit before the fault answers in its place. */
    stage?: 'before' | 'after';
    do: FaultAction | FaultAction[];
}

export interface Fault {
    readonly id: string;
    state(): Promise<FaultRule & { fault_id: string; left: number; hits: number[]; waiting?: number; open?: boolean;
        /** It has hit nothing yet, and the fake knows no such route: perhaps it is mistyped. */
        warning?: string; nearest_routes?: string[] }>;
    /** The journal's numbers of the requests that it hit. */
    hits(): Promise<number[]>;
    /** Wait until that many requests are held by it. */
    waiting(count?: number, timeout?: number): Promise<unknown>;
    /** Let go whom it holds. */
    release(): Promise<unknown>;
    disarm(): Promise<void>;
}

export interface Faults {
    arm(rule: FaultRule): Promise<Fault>;
    /** What the next requests of a route meet. */
    next(route: string, fault: FaultName | FaultAction, options?: Condition & { times?: number }): Promise<Fault>;
    list(): Promise<any[]>;
    clear(): Promise<void>;
}

export interface Entry {
    seq: number;
    world: string;
    /** The world's time. */
    at_ms: number;
    /** The machine's, when the answer was there. */
    real_ms: number;
    /** From the request's arrival until then. */
    took_us: number;
    route: string | null;
    method: string;
    target: string;
    app_id: string | null;
    instance_id: string | null;
    grant: string | null;
    status: number;
    /** "ok", or the name of a refusal (`fakewix tables refusals`). */
    outcome: string;
    fault_id: string | null;
    request_id: string | null;
    request: Message;
    response: Message;
}

export interface Message {
    headers: [name: string, value: string][];
    body?: string;
    /** In place of a body that is no text. */
    body_hex?: string;
}

export interface EntryFilter {
    since?: number;
    until?: number;
    from_ms?: number;
    to_ms?: number;
    route?: string;
    app?: string;
    instance?: string;
    grant?: string;
    outcome?: string;
    fault?: string;
    status?: number;
    text?: string;
    limit?: number;
    redact?: 0 | 1;
}

export interface EntryQuery {
    route?: string;
    app_id?: string;
    instance_id?: string;
    grant?: string;
    outcome?: string;
    fault_id?: string;
    text?: string;
    status?: number;
    since?: number;
    until?: number;
    from_ms?: number;
    to_ms?: number;
}

export interface Question {
    expect?: (EntryQuery & { count?: number; at_least?: number; at_most?: number })[];
    order?: EntryQuery[];
    absent?: EntryQuery[];
    /** Wait so long for it to become true. */
    wait_ms?: number;
}

export interface Report {
    ok: boolean;
    checks: { check: string; query: EntryQuery; expected: string; seen: unknown; ok: boolean; nearest?: any;
        /** Nothing fits, and the fake knows no such route: perhaps it is mistyped. */
        warning?: string; nearest_routes?: string[] }[];
}

export interface Journal {
    /** Every exchange that fits, oldest first. */
    entries(filter?: EntryFilter): Promise<Entry[]>;
    count(filter?: EntryFilter): Promise<number>;
    /** Wait until `count` (1) fit, at most `timeout` (5000) ms; an AssertionError after that. */
    wait(filter?: EntryFilter, options?: { count?: number; timeout?: number }): Promise<Entry[]>;
    verify(question: Question): Promise<Report>;
    /** Verify; an AssertionError says what was seen instead, and what came nearest. */
    expect(question: Question): Promise<Report>;
    har(filter?: EntryFilter): Promise<{ log: any }>;
    clear(): Promise<void>;
}

export interface TokenFilter {
    token?: string;
    app_id?: string;
    instance_id?: string;
    kind?: 'access' | 'refresh' | 'code';
}

export interface InstanceWish {
    secret?: string;
    expired?: boolean;
    aid?: string;
    uid?: string;
    set?: object;
    omit?: string[];
    tampered?: 'payload' | 'signature' | 'truncated' | 'empty';
}

export interface Install {
    instance_id: string;
    app_url: string | null;
    code: string;
    callback_url: string | null;
}

export interface App {
    app_id: string;
    app_secret: string;
    name?: string;
    app_url?: string;
    redirect_urls?: string[];
    webhook_url?: string;
    permissions?: string[];
    authentication?: ('oauth' | 'custom')[];
    [member: string]: unknown;
}

export interface Site {
    site_id: string;
    display_name?: string;
    url?: string;
    owner_email?: string;
    locale?: string;
}

export interface Instance {
    instance_id: string;
    app_id: string;
    site_id: string;
    state?: 'SETUP_INCOMPLETE' | 'ACTIVE' | 'UNINSTALLED';
}

export interface Lifetimes {
    code_s?: number;
    custom_access_token_s?: number;
    oauth_access_token_s?: number;
}

export type Profile = Record<string, string | number | boolean>;

export interface Config {
    apps?: App[];
    sites?: Site[];
    instances?: Instance[];
    lifetimes?: Lifetimes;
    profile?: Profile;
    api?: { method: string; path: string; status?: number; headers?: Record<string, string>; body?: unknown; permission?: string }[];
    api_keys?: { api_key: string; [member: string]: unknown }[];
}

/** A world as JSON; docs/CONTROL-API.md says what is in it. */
export interface Snapshot {
    schema: 1;
    world: string;
    config: Config;
    [member: string]: unknown;
}

export interface Finding {
    rule: string;
    level: 'MUST' | 'SHOULD' | 'INFO';
    sentence: string;
    source: string;
    count: number;
    first_seq: number;
    last_seq: number;
    example: string | null;
}
