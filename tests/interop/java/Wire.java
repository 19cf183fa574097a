// What the story wants of the envelopes themselves: their version is looked at, and some are spoilt.

import java.util.Set;
import javax.xml.namespace.QName;
import javax.xml.soap.SOAPEnvelope;
import javax.xml.soap.SOAPException;
import javax.xml.ws.handler.MessageContext;
import javax.xml.ws.handler.soap.SOAPHandler;
import javax.xml.ws.handler.soap.SOAPMessageContext;
import org.w3c.dom.Node;

final class Wire implements SOAPHandler<SOAPMessageContext> {
    enum Spoilt { NOT, TWO_REQUESTS, TOO_DEEP, HEADER }

    private final String namespace;
    private Spoilt spoilt = Spoilt.NOT;

    Wire(String namespace) {
        this.namespace = namespace;
    }

    void spoil(Spoilt how) {
        spoilt = how;
    }

    @Override
    public boolean handleMessage(SOAPMessageContext context) {
        try {
            SOAPEnvelope envelope = context.getMessage().getSOAPPart().getEnvelope();
            Story.same(namespace, envelope.getNamespaceURI());
            if ((Boolean) context.get(MessageContext.MESSAGE_OUTBOUND_PROPERTY)) {
                spoil(envelope);
            }
        } catch (SOAPException unreadable) {
            throw new IllegalStateException(unreadable);
        }
        return true;
    }

    private void spoil(SOAPEnvelope envelope) throws SOAPException {
        Node request = envelope.getBody().getFirstChild();
        if (spoilt == Spoilt.TWO_REQUESTS) {
            envelope.getBody().appendChild(request.cloneNode(true));
        } else if (spoilt == Spoilt.TOO_DEEP) {
            Node in = request;
            for (int depth = 0; depth < 40; depth++) {
                in = in.appendChild(request.getOwnerDocument().createElementNS(request.getNamespaceURI(), "Container"));
            }
        } else if (spoilt == Spoilt.HEADER) {
            if (envelope.getHeader() == null) {
                envelope.addHeader();
            }
            envelope.getHeader().addHeaderElement(new QName("urn:nobody", "Security", "n")).setMustUnderstand(true);
        }
    }

    @Override
    public boolean handleFault(SOAPMessageContext context) {
        return handleMessage(context);
    }

    @Override
    public void close(MessageContext context) {
    }

    @Override
    public Set<QName> getHeaders() {
        return Set.of();
    }
}
