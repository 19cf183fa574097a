<?php
// The whole story of a configuration through PHP's SoapClient, with the types of the served WSDL.
//
//     soap_php.php URL PORT CA        (soap_client.py starts it; PORT is Soap11 or Soap12)
declare(strict_types=1);

require __DIR__ . '/siv.php';

const SUGAR = 'CrmAddin.SugarCrm.SugarCrmAddin';
const PLAIN = "a password's text";
const NO_PARTS = ['CRMConfiguration' => [], 'CRMConfigurationCommon' => []];
const ENVELOPES = [
    'Soap11' => 'http://schemas.xmlsoap.org/soap/envelope/',
    'Soap12' => 'http://www.w3.org/2003/05/soap-envelope',
];

ini_set('soap.wsdl_cache_enabled', '0');

/** SoapClient, which can be told to send its body's child twice. */
class TwiceClient extends SoapClient
{
    public bool $twice = false;

    public function __doRequest(
        string $request, string $location, string $action, int $version, bool $oneWay = false
    ): ?string {
        if ($this->twice) {
            $request = preg_replace('~(<[^<>]*:Body>)(.*)(</[^<>]*:Body>)~s', '$1$2$2$3', $request);
        }
        return parent::__doRequest($request, $location, $action, $version, $oneWay);
    }
}

/** A session through one port of the WSDL. */
class Api
{
    public ?string $session = null;
    public ?string $key = null;
    private int $count = 0;

    public function __construct(private TwiceClient $client, private string $port)
    {
    }

    /** Has an operation executed; the response as SoapClient has read it. */
    public function execute(string $operation, array $properties = [], array $containers = [], array $more = []): object
    {
        $request = ['Operation' => $operation, 'InvokeID' => "$operation " . ++$this->count] + $more;
        $request['OperationPayload']['Property'] = listed($properties);
        foreach ($containers as $name => $value) {
            $json = json_encode((object) $value, JSON_THROW_ON_ERROR);
            $container = ['Name' => $name, 'Property' => listed(['JSONData' => $json])];
            $request['OperationPayload']['Container'][] = $container;
        }
        if ($this->session !== null) {
            $request['SessionID'] = $this->session;
        }
        $response = $this->client->Execute($request);
        same($request['InvokeID'], $response->InvokeID);
        foreach ([$this->client->__getLastRequest(), $this->client->__getLastResponse()] as $sent) {
            holds(str_contains($sent, ENVELOPES[$this->port]), "an envelope of $this->port: $sent");
        }
        return $response;
    }

    public function succeed(string $operation, mixed ...$more): ?object
    {
        $response = $this->execute($operation, ...$more);
        holds($response->Result === 'Success', "$operation: " . json_encode($response));
        return $response->Success ?? null;
    }

    public function fail(int $code, string $operation, mixed ...$more): void
    {
        $response = $this->execute($operation, ...$more);
        same('Fail', $response->Result);
        same((string) $code, values($response->Fail)['ErrorCode']);
    }

    public function signIn(string $user): void
    {
        $this->session = values($this->succeed('CreateSession'))['SessionID'];
        $answer = $this->succeed('Authenticate', ['UserName' => $user, 'Password' => "demo-$user"]);
        $this->key = $answer === null ? null : values($answer)['TransportKey'];
    }
}

function same(mixed $wanted, mixed $found): void
{
    holds($wanted === $found, json_encode($found) . ' instead of ' . json_encode($wanted));
}

function holds(bool $condition, string $what): void
{
    if (!$condition) {
        throw new RuntimeException($what);
    }
}

function listed(array $properties): array
{
    $property = fn (string $name, string $value) => ['Name' => $name, '_' => $value];
    return array_map($property, array_keys($properties), $properties);
}

function values(object $element): array
{
    return array_column($element->Property, '_', 'Name');
}

/** Prints a line for each step that is done. */
function story(TwiceClient $client, string $port): void
{
    $api = new Api($client, $port);
    $api->signIn('editor');
    echo "create session, authenticate\n";
    $scope = ['TelSysID' => '1', 'PartIDInTelSys' => '1', 'DeviceNumber' => '01234567101'];
    $about = $scope + ['Description' => "by PHP, $port", 'CRMType' => SUGAR, 'ReturnID' => 'true'];
    $configuration = ['UserName' => 'crm', 'Password' => seal($api->key, 'Password', PLAIN)];
    $added = $api->succeed('CRMConfigurationAdd', $about, ['CRMConfiguration' => $configuration] + NO_PARTS);
    $named = $scope + ['CRMConfigurationID' => values($added)['CRMConfigurationID']];
    echo "add with a sealed password\n";
    lists($api, $port, $scope, $about);
    echo "list with search, sort and page\n";
    $info = $api->succeed('CRMConfigurationInfo', $named);
    same("by PHP, $port", values($info)['Description']);
    $shown = values(array_column($info->Container, null, 'Name')['CRMConfiguration']);
    same(PLAIN, open_sealed($api->key, 'Password', $shown['Password']));
    same('crm', $shown['UserName']);
    echo "info, its password opened\n";
    $api->succeed('CRMConfigurationChange', $named + ['Description' => "changed, $port", 'ReturnID' => 'true']);
    same("changed, $port", values($api->succeed('CRMConfigurationInfo', $named))['Description']);
    echo "change\n";
    same(null, $api->succeed('CRMConfigurationDelete', $named));
    $api->fail(31003, 'CRMConfigurationInfo', $named);
    echo "delete\n";
    failures($api, $client, $port, $about);
    echo "a failure of each family\n";
    faults($client);
    echo "two faults\n";
    same(null, $api->succeed('Logout'));
    $api->fail(10302, 'CRMConfigurationList');
    echo "logout\n";
}

function lists(Api $api, string $port, array $scope, array $about): void
{
    foreach (range(0, 2) as $number) {
        $api->succeed('CRMConfigurationAdd', ['Description' => "another $number, $port"] + $about, NO_PARTS);
    }
    $search = $scope + ['SearchQuery' => ", $port", 'Sort' => 'Description:DESC'];
    $page = $api->succeed('CRMConfigurationList', $search, [], ['Offset' => 1, 'Limit' => 2]);
    same(['Offset' => '1', 'Total' => '4'], values($page));
    $rows = array_map(fn (object $row) => values($row)['Description'], $page->Container);
    same(["another 2, $port", "another 1, $port"], $rows);
}

function failures(Api $api, TwiceClient $client, string $port, array $about): void
{
    // The directory comes behind the grants: only who may write everywhere is told what is not in it.
    $admin = new Api($client, $port);
    $admin->signIn('admin');
    $add = 'CRMConfigurationAdd';
    $api->fail(10511, $add, ['TelSysID' => '999'] + $about, NO_PARTS);
    foreach ([
        [10107, array_diff_key($about, ['Description' => 0]), NO_PARTS],
        [10108, $about + ['Nothing' => 'of the kind'], NO_PARTS],
        [11012, ['TelSysID' => 'one'] + $about, NO_PARTS],
        [11013, ['TelSysID' => '999'] + $about, NO_PARTS],
        [11131, ['PartIDInTelSys' => '999'] + $about, NO_PARTS],
        [11161, ['DeviceNumber' => '999'] + $about, NO_PARTS],
        [31000, ['Description' => "another 1, $port"] + $about, NO_PARTS],
        [31005, ['CRMType' => 'Nobody.Has.It'] + $about, NO_PARTS],
        [31006, $about, ['CRMConfiguration' => ['Password' => 'in clear']] + NO_PARTS],
        [31007, $about, ['CRMConfigurationCommon' => ['Nothing' => 'of the kind']] + NO_PARTS],
    ] as [$code, $properties, $containers]) {
        $admin->fail($code, $add, $properties, $containers);
    }
    $api->fail(10313, 'AccountList');
    $viewer = new Api($client, $port);
    $viewer->signIn('viewer');
    same(null, $viewer->key);
    $viewer->fail(10515, $add, $about, NO_PARTS);
    $nobody = new Api($client, $port);
    $nobody->fail(10301, 'CRMConfigurationList');
    $nobody->session = str_repeat('0', 32);
    $nobody->fail(10302, 'CRMConfigurationList');
    $nobody->session = values($nobody->succeed('CreateSession'))['SessionID'];
    $nobody->fail(10305, 'CRMConfigurationList');
    $nobody->fail(10307, 'Authenticate', ['UserName' => 'editor', 'Password' => 'not this one']);
}

/** What is no request, and a header block that must be understood: SoapClient reads the faults. */
function faults(TwiceClient $client): void
{
    $client->twice = true;
    $fault = faulted(fn () => $client->Execute(['Operation' => 'Logout', 'InvokeID' => '1']));
    $client->twice = false;
    // SoapClient reads a detail without the WSDL's types: the texts are there, the names are not.
    same('10102', $fault->detail->Fail->Property[0]);
    $client->__setSoapHeaders([new SoapHeader('urn:nobody', 'Security', null, true)]);
    $fault = faulted(fn () => $client->Execute(['Operation' => 'Logout', 'InvokeID' => '1']));
    $client->__setSoapHeaders();
    holds(str_ends_with($fault->faultcode, 'MustUnderstand'), $fault->faultcode);
}

function faulted(Closure $call): SoapFault
{
    try {
        $call();
    } catch (SoapFault $fault) {
        return $fault;
    }
    throw new RuntimeException('no fault came');
}

[, $url, $port, $authority] = $argv;
$client = new TwiceClient("$url/api/soap?wsdl", [
    'soap_version' => $port === 'Soap12' ? SOAP_1_2 : SOAP_1_1,
    'cache_wsdl' => WSDL_CACHE_NONE,
    'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
    'stream_context' => stream_context_create(['ssl' => ['cafile' => $authority]]),
    'trace' => true,
]);
story($client, $port);
