// The whole story of a configuration through npm's soap, by the methods that it makes of the served WSDL.
//
//     soap_node.mjs MODULES URL PORT CA
//
// MODULES is the folder with the node_modules of tests/package.json, PORT is Soap11 or Soap12, CA a file with the
// certificate to trust. Each step that is done prints a line. soap_client.py starts it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [modules, url, port, ca] = process.argv.slice(2);
const installed = createRequire(path.resolve(modules, 'here.js'));
const soap = installed('soap');
const { aessiv } = await import(pathToFileURL(installed.resolve('@noble/ciphers/aes.js')));

const SUGAR = 'CrmAddin.SugarCrm.SugarCrmAddin';
const ENVELOPE = {
  Soap11: '"http://schemas.xmlsoap.org/soap/envelope/"',
  Soap12: '"http://www.w3.org/2003/05/soap-envelope"',
}[port];
const PLAIN = "a password's text";
// What the environment names for other servers does not count.
const HTTP = { proxy: false, httpsAgent: new Agent({ ca: readFileSync(ca) }) };

const cipher = (key, field) => aessiv(Buffer.from(key, 'base64'), Buffer.from(field));

function seal(key, field, plain) {
  return 'enc:v1:' + Buffer.from(cipher(key, field).encrypt(Buffer.from(plain))).toString('base64url');
}

function open(key, field, value) {
  assert.match(value, /^enc:v1:/);
  return Buffer.from(cipher(key, field).decrypt(Buffer.from(value.slice(7), 'base64url'))).toString();
}

const named = (element) => Object.entries(element).map(([name, $value]) => ({ attributes: { Name: name }, $value }));

// An element's properties by name. The library leaves $value out where a text is empty.
function values(element) {
  return Object.fromEntries(element.Property.map((each) => [each.attributes.Name, each.$value ?? '']));
}

function containers(parts) {
  return Object.entries(parts).map(([Name, part]) => ({
    attributes: { Name },
    Property: named({ JSONData: JSON.stringify(part) }),
  }));
}

// A session through one port of the WSDL.
class Api {
  constructor(client) {
    this.client = client;
    this.count = 0;
    this.session = null;
    this.key = null;
  }

  // One call of the method that the library made; options are the library's own.
  send(request, options = {}) {
    return new Promise((resolve, reject) => {
      const done = (error, response) => (error ? reject(error) : resolve(response));
      this.client.CRMConfigurationsService[port].Execute(request, done, { ...HTTP, ...options });
    });
  }

  async execute(operation, properties = {}, parts = {}, more = {}) {
    this.count += 1;
    const InvokeID = `${operation} ${this.count}`;
    const response = await this.send({
      attributes: { Operation: operation },
      InvokeID,
      ...(this.session === null ? {} : { SessionID: this.session }),
      ...more,
      OperationPayload: { Property: named(properties), Container: containers(parts) },
    });
    assert.equal(response.InvokeID, InvokeID);
    for (const envelope of [this.client.lastRequest, this.client.lastResponse]) assert.ok(envelope.includes(ENVELOPE));
    return response;
  }

  async succeed(...words) {
    const response = await this.execute(...words);
    assert.equal(response.attributes.Result, 'Success', JSON.stringify(response));
    return response.Success;
  }

  async fail(code, ...words) {
    const response = await this.execute(...words);
    assert.equal(response.attributes.Result, 'Fail', `${code}: ${JSON.stringify(response)}`);
    assert.equal(values(response.Fail).ErrorCode, String(code));
    assert.notEqual(values(response.Fail).ErrorMessage, '');
  }

  async create() {
    this.session = values(await this.succeed('CreateSession')).SessionID;
  }

  async signIn(user) {
    await this.create();
    const answer = await this.succeed('Authenticate', { UserName: user, Password: `demo-${user}` });
    this.key = answer === undefined ? null : values(answer).TransportKey;
  }
}

async function story(client) {
  const api = new Api(client);
  await api.signIn('editor');
  console.log('create session, authenticate');
  const scope = { TelSysID: '1', PartIDInTelSys: '1', DeviceNumber: '01234567101' };
  const about = { ...scope, Description: `by npm soap, ${port}`, CRMType: SUGAR, ReturnID: 'true' };
  const found = { ...scope, CRMConfigurationID: await addSealed(api, about) };
  console.log('add with a sealed password');
  await list(api, scope, about);
  console.log('list with search, sort and page');
  await info(api, found, about);
  console.log('info, its password opened');
  await api.succeed('CRMConfigurationChange', { ...found, Description: `changed, ${port}`, ReturnID: 'true' });
  assert.equal(values(await api.succeed('CRMConfigurationInfo', found)).Description, `changed, ${port}`);
  console.log('change');
  assert.equal(await api.succeed('CRMConfigurationDelete', found), undefined);
  await api.fail(31003, 'CRMConfigurationInfo', found);
  console.log('delete');
  await failures(api, client, about);
  console.log('a failure of each family');
  await faults(api, client);
  console.log('two faults');
  assert.equal(await api.succeed('Logout'), undefined);
  await api.fail(10302, 'CRMConfigurationList');
  console.log('logout');
}

async function addSealed(api, about) {
  const CRMConfiguration = { UserName: 'crm', Password: seal(api.key, 'Password', PLAIN) };
  const added = await api.succeed('CRMConfigurationAdd', about, { CRMConfiguration, CRMConfigurationCommon: {} });
  return values(added).CRMConfigurationID;
}

async function list(api, scope, about) {
  for (const number of [0, 1, 2]) {
    const another = { ...about, Description: `another ${number}, ${port}` };
    await api.succeed('CRMConfigurationAdd', another, { CRMConfiguration: {}, CRMConfigurationCommon: {} });
  }
  const search = { ...scope, SearchQuery: `, ${port}`, Sort: 'Description:DESC' };
  const page = await api.succeed('CRMConfigurationList', search, {}, { Offset: 1, Limit: 2 });
  assert.deepEqual(values(page), { Offset: '1', Total: '4' });
  const rows = page.Container.map((row) => values(row).Description);
  assert.deepEqual(rows, [`another 2, ${port}`, `another 1, ${port}`]);
}

async function info(api, found, about) {
  const answer = await api.succeed('CRMConfigurationInfo', found);
  assert.equal(values(answer).Description, about.Description);
  const part = answer.Container.find((each) => each.attributes.Name === 'CRMConfiguration');
  const shown = values(part);
  assert.equal(open(api.key, 'Password', shown.Password), PLAIN);
  assert.equal(shown.UserName, 'crm');
}

async function failures(api, client, about) {
  const add = 'CRMConfigurationAdd';
  const parts = { CRMConfiguration: {}, CRMConfigurationCommon: {} };
  const { Description, ...undescribed } = about;
  assert.ok(Description);
  await api.fail(10511, add, { ...about, TelSysID: '999' }, parts);
  // The directory comes behind the grants: only who may write everywhere is told what is not in it.
  const admin = new Api(client);
  await admin.signIn('admin');
  for (const [code, properties, given] of [
    [10107, undescribed, parts],
    [10108, { ...about, Nothing: 'of the kind' }, parts],
    [11012, { ...about, TelSysID: 'one' }, parts],
    [11013, { ...about, TelSysID: '999' }, parts],
    [11131, { ...about, PartIDInTelSys: '999' }, parts],
    [11161, { ...about, DeviceNumber: '999' }, parts],
    [31000, { ...about, Description: `another 1, ${port}` }, parts],
    [31005, { ...about, CRMType: 'Nobody.Has.It' }, parts],
    [31006, about, { ...parts, CRMConfiguration: { Password: 'in clear' } }],
    [31007, about, { ...parts, CRMConfigurationCommon: { Nothing: 'of the kind' } }],
  ]) {
    await admin.fail(code, add, properties, given);
  }
  await api.fail(10313, 'AccountList');
  const viewer = new Api(client);
  await viewer.signIn('viewer');
  assert.equal(viewer.key, null, 'a viewer is given no key');
  await viewer.fail(10515, add, about, parts);
  const nobody = new Api(client);
  await nobody.fail(10301, 'CRMConfigurationList');
  nobody.session = '0'.repeat(32);
  await nobody.fail(10302, 'CRMConfigurationList');
  await nobody.create();
  await nobody.fail(10305, 'CRMConfigurationList');
  await nobody.fail(10307, 'Authenticate', { UserName: 'editor', Password: 'not this one' });
}

// Two requests in a body, and a header block that must be understood: the library reads the faults.
async function faults(api, client) {
  const request = { attributes: { Operation: 'Logout' }, InvokeID: '1' };
  const doubled = (xml) => xml.replace(/<soap:Body>(.*)<\/soap:Body>/s, '<soap:Body>$1$1</soap:Body>');
  const two = await faulted(() => api.send(request, { postProcess: doubled }));
  assert.equal(two.code, port === 'Soap12' ? 'Sender' : 'Client');
  assert.equal(values(two.detail.Fail).ErrorCode, '10102');
  client.addSoapHeader('<no:Security xmlns:no="urn:nobody" soap:mustUnderstand="1"/>');
  const header = await faulted(() => api.send(request));
  client.clearSoapHeaders();
  assert.equal(header.code, 'MustUnderstand');
}

// A fault by the names of its parts in either version; the library hands out the envelope as it read it.
async function faulted(call) {
  const error = await call().then(() => assert.fail('no fault came'), (error) => error);
  assert.ok(error.root, error);
  const fault = error.root.Envelope.Body.Fault;
  const code = port === 'Soap12' ? fault.Code.Value : fault.faultcode;
  return { code: code.replace(/^.*:/, ''), detail: port === 'Soap12' ? fault.Detail : fault.detail };
}

const client = await soap.createClientAsync(`${url}/api/soap?wsdl`, {
  wsdl_options: HTTP,
  // The port does not say to the library which version of SOAP it is.
  forceSoap12Headers: port === 'Soap12',
});
await story(client);
