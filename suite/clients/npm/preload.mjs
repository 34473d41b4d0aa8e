// Comes before every program here (node --import): packages are found where scripts/setup put
// them, and Wix's hard-coded hosts lead to the fake, so that the SDK runs as published.
import { existsSync } from 'node:fs';
import { register } from 'node:module';

const packages = new URL('../../../build/npm/', import.meta.url);
if (!existsSync(new URL('node_modules/', packages))) {
    console.error('skipped: scripts/setup --tests has not installed the npm packages');
    process.exit(77);
}

// A bare name asked for by a file of ours is looked up from build/npm.
const here = new URL('.', import.meta.url).href;
register(`data:text/javascript,${encodeURIComponent(`
export function resolve(name, context, next) {
    const ours = context.parentURL?.startsWith(${JSON.stringify(here)}) && /^[@a-z]/.test(name);
    const bare = ours && !/^(node|file|data):/.test(name);
    return next(name, bare ? { ...context, parentURL: ${JSON.stringify(packages.href)} } : context);
}`)}`);

// The bases have the names of the exec contract. They are read at each request, because a test
// starts its fake after this file ran.
function baseFor(url) {
    if (url.host === 'www.wix.com' && !url.pathname.startsWith('/oauth'))
        return process.env.WIX_INSTALL_BASE;
    if (/^\/oauth2?\//.test(url.pathname))
        return process.env.WIX_AUTH_BASE;
    return process.env.WIX_API_BASE;
}

const wixHosts = new Set(['www.wixapis.com', 'edge.wixapis.com', 'www.wix.com', 'manage.wix.com']);

// Where a request to Wix goes instead; any other address stays as it is.
export function routeUrl(address) {
    const url = new URL(address);
    return wixHosts.has(url.host) ? baseFor(url) + url.pathname + url.search : String(address);
}

const send = globalThis.fetch;
globalThis.fetch = (input, init) =>
    input instanceof Request ? send(new Request(routeUrl(input.url), input), init)
                             : send(routeUrl(input), init);
