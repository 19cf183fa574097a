// Names and texts as maps, to and from the types that wsimport has made of the served WSDL.

import crmconf.api.Container;
import crmconf.api.Fail;
import crmconf.api.Operation;
import crmconf.api.OperationPayload;
import crmconf.api.Property;
import crmconf.api.Request;
import crmconf.api.RequestContainer;
import crmconf.api.Success;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

public final class Texts {
    private Texts() {
    }

    public static Map<String, String> of(Success success) {
        return of(success.getProperty());
    }

    public static Map<String, String> of(Container container) {
        return of(container.getProperty());
    }

    public static Map<String, String> of(Fail fail) {
        return of(fail.getProperty());
    }

    /** The error's code and message. */
    public static String message(Fail fail) {
        return of(fail).get("ErrorCode") + " " + of(fail).get("ErrorMessage");
    }

    private static Map<String, String> of(List<Property> properties) {
        Map<String, String> texts = new LinkedHashMap<>();
        properties.forEach(property -> texts.put(property.getName(), property.getValue()));
        return texts;
    }

    public static Request request(Operation operation, String session, Map<String, String> properties) {
        return request(operation, session, properties, Map.of());
    }

    /** What an operation is asked with; the parts are what stands as JSON in each container. */
    public static Request request(Operation operation, String session, Map<String, String> properties,
            Map<String, Map<String, String>> parts) {
        OperationPayload payload = new OperationPayload();
        properties.forEach((name, text) -> payload.getProperty().add(property(name, text)));
        parts.forEach((name, texts) -> payload.getContainer().add(container(name, json(texts))));
        Request request = new Request();
        request.setOperation(operation);
        request.setInvokeID("1");
        request.setSessionID(session);
        request.setOperationPayload(payload);
        return request;
    }

    private static Property property(String name, String text) {
        Property property = new Property();
        property.setName(name);
        property.setValue(text);
        return property;
    }

    private static RequestContainer container(String name, String json) {
        RequestContainer container = new RequestContainer();
        container.setName(name);
        container.getProperty().add(property("JSONData", json));
        return container;
    }

    /** An object of texts. The JDK has no JSON: where a library for it is at hand, take that. */
    private static String json(Map<String, String> texts) {
        return texts.entrySet().stream()
            .map(each -> quoted(each.getKey()) + ":" + quoted(each.getValue()))
            .collect(Collectors.joining(",", "{", "}"));
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.chars().forEach(unit -> {
            if (unit == '"' || unit == '\\') {
                quoted.append('\\').append((char) unit);
            } else if (unit < ' ') {
                quoted.append(String.format("\\u%04x", unit));
            } else {
                quoted.append((char) unit);
            }
        });
        return quoted.append('"').toString();
    }
}
