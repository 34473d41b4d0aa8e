// The files that the guides show, as the services that read them would: YAML without a slip, workflows
// that GitHub takes, and every step of a job a text (a colon and a blank make it something else).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { validateWorkflow } from '@action-validator/core';
import { parseDocument } from 'yaml';

function filesOf(guide) {
    const page = readFileSync(new URL(`../../../docs/guides/${guide}.md`, import.meta.url), 'utf8');
    const texts = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text);
    assert.ok(texts.length, `${guide}.md shows no file`);
    return texts;
}

function read(text) {
    const document = parseDocument(text, { strict: true });
    assert.deepEqual([...document.errors, ...document.warnings].map(String), [], text);
    return document.toJS();
}

function assertTexts(lines, where) {
    assert.ok(lines.length, where);
    for (const line of lines)
        assert.equal(typeof line, 'string', `${where}: ${JSON.stringify(line)}`);
}

test('GitHub takes each workflow', () => {
    for (const text of filesOf('github-actions')) {
        const workflow = read(text);
        const whole = workflow.on ? text : `on: push\n${text}`; // the second one goes into a file
        assert.deepEqual(validateWorkflow(whole).errors, [], text);
        for (const [name, job] of Object.entries(workflow.jobs))
            assertTexts(job.steps.filter(step => !step.uses).map(step => step.run), name);
    }
});

test('each job of GitLab is made of commands', () => {
    for (const text of filesOf('gitlab-ci'))
        for (const [name, job] of Object.entries(read(text))) {
            assertTexts([...job.before_script ?? [], ...job.script], name);
            for (const service of job.services ?? [])
                assertTexts([service.name, service.alias], name);
        }
});

test('Compose finds every service and volume that is named', () => {
    for (const text of filesOf('docker-compose')) {
        const { services, volumes } = read(text);
        for (const [name, service] of Object.entries(services)) {
            assert.ok(service.image || service.build, name);
            for (const other of Object.keys(service.depends_on ?? {}))
                assert.ok(services[other]?.healthcheck, `${name} waits for ${other}`);
            for (const volume of service.volumes ?? [])
                assert.ok(volume.split(':')[0] in volumes, `${name} mounts ${volume}`);
        }
    }
});

// A host that a guide forgets is Wix itself: the SDK's headless calls go to edge.wixapis.com.
const table = readFileSync(new URL('../../../server/shared/wix_hosts.def', import.meta.url), 'utf8');
const hosts = [...table.matchAll(/^WIX_HOST\("(.*)"\)/gm)].map(([, host]) => host);

function aliasesOf(guide) {
    const names = filesOf(guide).map(read).flatMap(file => guide === 'docker-compose'
        ? file.services.wix.networks.default.aliases
        : Object.values(file.jobs ?? file).flatMap(job => Object.values(job.services ?? {}))
            .flatMap(({ alias, options }) => (alias ?? options).split(/\s+/)));
    return names.filter(name => name.includes('wix') && name.includes('.')).sort();
}

for (const guide of ['github-actions', 'gitlab-ci', 'docker-compose'])
    test(`every host of Wix leads to the fake: ${guide}`, () => {
        assert.deepEqual(aliasesOf(guide), hosts.toSorted());
    });
