// simple-oauth2 as its documentation shows it: a token is kept while it is not expired(). Both flows,
// with JSON bodies.
import { AuthorizationCode, ClientCredentials } from 'simple-oauth2';
import { speakContract } from './contract.mjs';

const env = process.env;
const base = new URL(env.WIX_AUTH_BASE);

function configOf(tokenPath) {
    return {
        client: { id: env.WIX_APP_ID, secret: env.WIX_APP_SECRET },
        auth: { tokenHost: base.origin, tokenPath: base.pathname.replace(/\/$/, '') + tokenPath },
        options: { authorizationMethod: 'body', bodyFormat: 'json' },
    };
}

const legacy = env.WIX_REFRESH_TOKEN && new AuthorizationCode(configOf('/oauth/access'));
const client = legacy || new ClientCredentials(configOf('/oauth2/token'));
// Without a lifetime expired() says no: the first one is made up as expired, to be refreshed.
let token = legacy && client.createToken({ refresh_token: env.WIX_REFRESH_TOKEN, expires_in: 0 });

await speakContract(async () => {
    if (token?.expired())
        token = legacy ? await token.refresh() : null;
    token ||= await client.getToken({ instance_id: env.WIX_INSTANCE_ID });
    return token.token.access_token;
}, { legacy: true });
