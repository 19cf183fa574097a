// The whole story of a configuration through JAX-WS, with the types that wsimport has made of the served WSDL.
//
//     Story URL PORT CA        (soap_client.py starts it; PORT is Soap11 or Soap12)

import static java.util.Map.entry;

import crmconf.api.CRMConfigurations;
import crmconf.api.CRMConfigurationsService;
import crmconf.api.Container;
import crmconf.api.ExecuteFail;
import crmconf.api.Operation;
import crmconf.api.Success;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.xml.soap.SOAPConstants;
import javax.xml.ws.BindingProvider;
import javax.xml.ws.handler.Handler;
import javax.xml.ws.soap.SOAPFaultException;

final class Story {
    private static final String SUGAR = "CrmAddin.SugarCrm.SugarCrmAddin";
    private static final String PLAIN = "a password's text";
    private static final Operation ADD = Operation.CRM_CONFIGURATION_ADD;
    private static final Operation INFO = Operation.CRM_CONFIGURATION_INFO;
    private static final Operation LIST = Operation.CRM_CONFIGURATION_LIST;

    private final CRMConfigurations port;
    private final Wire wire;
    private final String name;
    private final Api api;

    private Story(CRMConfigurations port, Wire wire, String name) {
        this.port = port;
        this.wire = wire;
        this.name = name;
        api = new Api(port);
    }

    public static void main(String[] words) throws Exception {
        trust(Path.of(words[2]));
        URI wsdl = URI.create(words[0] + "/api/soap?wsdl");
        CRMConfigurationsService service = new CRMConfigurationsService(wsdl.toURL());
        boolean newer = words[1].equals("Soap12");
        CRMConfigurations port = newer ? service.getSoap12() : service.getSoap11();
        Wire wire = new Wire(
            newer ? SOAPConstants.URI_NS_SOAP_1_2_ENVELOPE : SOAPConstants.URI_NS_SOAP_1_1_ENVELOPE);
        ((BindingProvider) port).getBinding().setHandlerChain(List.<Handler>of(wire));
        new Story(port, wire, words[1]).tell();
    }

    /** Takes an authority's certificate for every connection of this process, the WSDL's included. */
    private static void trust(Path authority) throws Exception {
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (InputStream pem = Files.newInputStream(authority)) {
            trusted.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        SSLContext.setDefault(context);
    }

    private void tell() throws Exception {
        api.signIn("editor");
        System.out.println("create session, authenticate");
        Map<String, String> scope = Map.of("TelSysID", "1", "PartIDInTelSys", "1", "DeviceNumber", "01234567101");
        Map<String, String> about = with(
            scope, "Description", "by Java, " + name, "CRMType", SUGAR, "ReturnID", "true");
        Map<String, String> crm = Map.of("UserName", "crm", "Password", Siv.seal(api.key, "Password", PLAIN));
        Success added = api.succeed(ADD, about, parts(crm, Map.of()));
        String identity = Texts.of(added).get("CRMConfigurationID");
        Map<String, String> named = with(scope, "CRMConfigurationID", identity);
        System.out.println("add with a sealed password");
        list(scope, about);
        System.out.println("list with search, sort and page");
        info(named);
        System.out.println("info, its password opened");
        String changed = "changed, " + name;
        api.succeed(Operation.CRM_CONFIGURATION_CHANGE, with(named, "Description", changed, "ReturnID", "true"));
        same(changed, Texts.of(api.succeed(INFO, named)).get("Description"));
        System.out.println("change");
        same(null, api.succeed(Operation.CRM_CONFIGURATION_DELETE, named));
        api.fail(31003, INFO, named);
        System.out.println("delete");
        Api admin = new Api(port);
        admin.signIn("admin");
        failures(admin, about);
        nobodysFailures(about);
        System.out.println("a failure of each family");
        faults();
        System.out.println("two faults");
        same(null, api.succeed(Operation.LOGOUT, Map.of()));
        api.fail(10302, LIST, Map.of());
        System.out.println("logout");
    }

    private void list(Map<String, String> scope, Map<String, String> about) throws Exception {
        for (int number = 0; number < 3; number++) {
            Map<String, String> another = with(about, "Description", "another " + number + ", " + name);
            api.succeed(ADD, another, parts(Map.of(), Map.of()));
        }
        Map<String, String> search = with(scope, "SearchQuery", ", " + name, "Sort", "Description:DESC");
        Success page = api.succeed(LIST, search, 1, 2);
        same(Map.of("Offset", "1", "Total", "4"), Texts.of(page));
        List<String> rows = page.getContainer().stream()
            .map(row -> Texts.of(row).get("Description")).collect(Collectors.toList());
        same(List.of("another 2, " + name, "another 1, " + name), rows);
    }

    private void info(Map<String, String> named) throws Exception {
        Success info = api.succeed(INFO, named);
        same("by Java, " + name, Texts.of(info).get("Description"));
        Container crm = info.getContainer().stream()
            .filter(part -> part.getName().equals("CRMConfiguration")).findFirst().orElseThrow();
        Map<String, String> shown = Texts.of(crm);
        same(PLAIN, Siv.open(api.key, "Password", shown.get("Password")));
        same("crm", shown.get("UserName"));
    }

    /** The directory comes behind the grants: only who may write everywhere is told what is not in it. */
    private void failures(Api admin, Map<String, String> about) throws Exception {
        Map<String, Map<String, String>> empty = parts(Map.of(), Map.of());
        api.fail(10511, ADD, with(about, "TelSysID", "999"), empty);
        Map<String, String> undescribed = new HashMap<>(about);
        undescribed.remove("Description");
        admin.fail(10107, ADD, undescribed, empty);
        for (Map.Entry<Integer, Map<String, String>> each : List.of(
            entry(10108, with(about, "Nothing", "of the kind")),
            entry(11012, with(about, "TelSysID", "one")),
            entry(11013, with(about, "TelSysID", "999")),
            entry(11131, with(about, "PartIDInTelSys", "999")),
            entry(11161, with(about, "DeviceNumber", "999")),
            entry(31000, with(about, "Description", "another 1, " + name)),
            entry(31005, with(about, "CRMType", "Nobody.Has.It")))) {
            admin.fail(each.getKey(), ADD, each.getValue(), empty);
        }
        admin.fail(31006, ADD, about, parts(Map.of("Password", "in clear"), Map.of()));
        admin.fail(31007, ADD, about, parts(Map.of(), Map.of("Nothing", "of the kind")));
        api.fail(10313, Operation.ACCOUNT_LIST, Map.of());
    }

    private void nobodysFailures(Map<String, String> about) throws Exception {
        Api viewer = new Api(port);
        viewer.signIn("viewer");
        same(null, viewer.key);
        viewer.fail(10515, ADD, about, parts(Map.of(), Map.of()));
        Api nobody = new Api(port);
        nobody.fail(10301, LIST, Map.of());
        nobody.session = "0".repeat(32);
        nobody.fail(10302, LIST, Map.of());
        Success created = nobody.succeed(Operation.CREATE_SESSION, Map.of());
        nobody.session = Texts.of(created).get("SessionID");
        nobody.fail(10305, LIST, Map.of());
        nobody.fail(10307, Operation.AUTHENTICATE, Map.of("UserName", "editor", "Password", "not this one"));
    }

    /** What is no request, a request that is too deep, and a header block that must be understood. */
    private void faults() throws Exception {
        Exception fault = faulted(Wire.Spoilt.TWO_REQUESTS);
        same(true, fault.getMessage().contains("stands in the `Body` beside the `Request`"));
        same("10102", Texts.of(((ExecuteFail) fault).getFaultInfo()).get("ErrorCode"));
        fault = faulted(Wire.Spoilt.TOO_DEEP);
        same("10108", Texts.of(((ExecuteFail) fault).getFaultInfo()).get("ErrorCode"));
        fault = faulted(Wire.Spoilt.HEADER);
        same("MustUnderstand", ((SOAPFaultException) fault).getFault().getFaultCodeAsQName().getLocalPart());
    }

    private Exception faulted(Wire.Spoilt how) {
        wire.spoil(how);
        try {
            port.execute(Texts.request(Operation.LOGOUT, null, Map.of()));
        } catch (ExecuteFail | SOAPFaultException fault) {
            return fault;
        } finally {
            wire.spoil(Wire.Spoilt.NOT);
        }
        throw new AssertionError("no fault came");
    }

    private static Map<String, Map<String, String>> parts(Map<String, String> own, Map<String, String> common) {
        return Map.of("CRMConfiguration", own, "CRMConfigurationCommon", common);
    }

    /** A map with more in it, given as name and value in turn. */
    private static Map<String, String> with(Map<String, String> map, String... more) {
        Map<String, String> whole = new HashMap<>(map);
        for (int at = 0; at < more.length; at += 2) {
            whole.put(more[at], more[at + 1]);
        }
        return whole;
    }

    static void same(Object wanted, Object found) {
        if (!Objects.equals(wanted, found)) {
            throw new AssertionError(found + " instead of " + wanted);
        }
    }
}
