// oidc-provider as a peer of scripts/bench --peers: one client, opaque tokens, its own memory store.
//
// usage: node oidc_provider.mjs ITS-PACKAGE PORT CLIENT-ID CLIENT-SECRET
import { pathToFileURL } from 'node:url';

const [itsPackage, port, clientId, clientSecret] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(`${itsPackage}/lib/index.js`));
const provider = new Provider(`http://127.0.0.1:${port}`, {
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  clients: [{
    client_id: clientId,
    client_secret: clientSecret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_post',
  }],
});
provider.listen(Number(port), '127.0.0.1');
