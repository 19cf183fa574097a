// A session through one port of the WSDL, by the types that wsimport has made of it.

import crmconf.api.CRMConfigurations;
import crmconf.api.Operation;
import crmconf.api.Request;
import crmconf.api.Response;
import crmconf.api.Result;
import crmconf.api.Success;
import java.math.BigInteger;
import java.util.Map;

final class Api {
    private final CRMConfigurations port;
    private int count;
    String session;
    String key;

    Api(CRMConfigurations port) {
        this.port = port;
    }

    void signIn(String user) throws Exception {
        session = Texts.of(succeed(Operation.CREATE_SESSION, Map.of())).get("SessionID");
        Success answer = succeed(Operation.AUTHENTICATE, Map.of("UserName", user, "Password", "demo-" + user));
        key = answer == null ? null : Texts.of(answer).get("TransportKey");
    }

    Success succeed(Operation operation, Map<String, String> properties) throws Exception {
        return succeed(operation, properties, Map.of());
    }

    Success succeed(Operation operation, Map<String, String> properties, Map<String, Map<String, String>> parts)
            throws Exception {
        return succeeded(execute(request(operation, properties, parts)));
    }

    Success succeed(Operation operation, Map<String, String> properties, int offset, int limit) throws Exception {
        Request request = request(operation, properties, Map.of());
        request.setOffset(BigInteger.valueOf(offset));
        request.setLimit(BigInteger.valueOf(limit));
        return succeeded(execute(request));
    }

    void fail(int code, Operation operation, Map<String, String> properties) throws Exception {
        fail(code, operation, properties, Map.of());
    }

    void fail(int code, Operation operation, Map<String, String> properties, Map<String, Map<String, String>> parts)
            throws Exception {
        Response response = execute(request(operation, properties, parts));
        Story.same(Result.FAIL, response.getResult());
        Story.same(String.valueOf(code), Texts.of(response.getFail()).get("ErrorCode"));
    }

    private Response execute(Request request) throws Exception {
        Response response = port.execute(request);
        Story.same(request.getInvokeID(), response.getInvokeID());
        return response;
    }

    private static Success succeeded(Response response) {
        if (response.getResult() != Result.SUCCESS) {
            throw new AssertionError(response.getInvokeID() + ": " + Texts.of(response.getFail()));
        }
        return response.getSuccess();
    }

    private Request request(Operation operation, Map<String, String> properties,
            Map<String, Map<String, String>> parts) {
        count++;
        Request request = Texts.request(operation, session, properties, parts);
        request.setInvokeID(operation.value() + " " + count);
        return request;
    }
}
