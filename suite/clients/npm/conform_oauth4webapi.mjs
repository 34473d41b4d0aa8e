// oauth4webapi keeps no token: the dozen lines that every user of it writes are here. It takes no
// answer without a token_type, so it can do client credentials alone.
import * as oauth from 'oauth4webapi';
import { speakContract } from './contract.mjs';

const env = process.env;
const server = { issuer: env.WIX_AUTH_BASE, token_endpoint: `${env.WIX_AUTH_BASE}/oauth2/token` };
const client = { client_id: env.WIX_APP_ID };
let token;
let goodUntil = 0;

await speakContract(async () => {
    if (Date.now() < goodUntil)
        return token;
    const answer = await oauth.clientCredentialsGrantRequest(server, client,
        oauth.ClientSecretPost(env.WIX_APP_SECRET), { instance_id: env.WIX_INSTANCE_ID },
        { [oauth.allowInsecureRequests]: true });
    const grant = await oauth.processClientCredentialsResponse(server, client, answer);
    token = grant.access_token;
    goodUntil = Date.now() + (grant.expires_in ?? 0) * 1000;
    return token;
}, { legacy: false });
