//! The WSDL 1.1: one operation, document/literal, bound to SOAP 1.1 and to SOAP 1.2 (WS-I Basic Profile 1.1 for the former).

use super::xsd;
use crate::http::xml::{API_NAMESPACE, Namespace, escaped_attribute};

/// The document, with the address that both ports have.
pub(super) fn document(address: &str) -> String {
    let types = xsd::schema(Namespace::Api);
    let address = escaped_attribute(address);
    let bindings: String = BINDINGS.iter().map(binding).collect();
    let ports: String = BINDINGS.iter().map(|binding| port(binding, &address)).collect();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="CRMConfigurations" targetNamespace="{API_NAMESPACE}" xmlns:crm="{API_NAMESPACE}" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap11="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/">
<wsdl:documentation>The CRM Configurations API of a telephony platform: which CRM belongs to which telephone system, partition and device.</wsdl:documentation>
<wsdl:types>
{types}</wsdl:types>
<wsdl:message name="ExecuteRequest"><wsdl:part name="Request" element="crm:Request"/></wsdl:message>
<wsdl:message name="ExecuteResponse"><wsdl:part name="Response" element="crm:Response"/></wsdl:message>
<wsdl:message name="ExecuteFail"><wsdl:part name="Fail" element="crm:Fail"/></wsdl:message>
<wsdl:portType name="CRMConfigurations">
  <wsdl:operation name="Execute">
    <wsdl:documentation>Carries out the operation that the request names. What the operation itself refuses is a response with the result Fail; a fault is sent where no operation was come to.</wsdl:documentation>
    <wsdl:input message="crm:ExecuteRequest"/>
    <wsdl:output message="crm:ExecuteResponse"/>
    <wsdl:fault name="Fail" message="crm:ExecuteFail"/>
  </wsdl:operation>
</wsdl:portType>
{bindings}<wsdl:service name="CRMConfigurationsService">
{ports}</wsdl:service>
</wsdl:definitions>
"#
    )
}

/// A version of SOAP as WSDL binds it.
struct Binding {
    name: &'static str,
    port: &'static str,
    prefix: &'static str,
}

const BINDINGS: [Binding; 2] = [
    Binding { name: "CRMConfigurationsSoap11", port: "Soap11", prefix: "soap11" },
    Binding { name: "CRMConfigurationsSoap12", port: "Soap12", prefix: "soap12" },
];

fn binding(Binding { name, prefix, .. }: &Binding) -> String {
    // SOAP 1.1 has the header in any case; of SOAP 1.2 a client need not send the parameter.
    let action = if *prefix == "soap12" { " soapActionRequired=\"false\"" } else { "" };
    format!(
        r#"<wsdl:binding name="{name}" type="crm:CRMConfigurations">
  <{prefix}:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
  <wsdl:operation name="Execute">
    <{prefix}:operation soapAction=""{action}/>
    <wsdl:input><{prefix}:body use="literal"/></wsdl:input>
    <wsdl:output><{prefix}:body use="literal"/></wsdl:output>
    <wsdl:fault name="Fail"><{prefix}:fault name="Fail" use="literal"/></wsdl:fault>
  </wsdl:operation>
</wsdl:binding>
"#
    )
}

fn port(Binding { name, port, prefix }: &Binding, address: &str) -> String {
    format!(
        "  <wsdl:port name=\"{port}\" binding=\"crm:{name}\"><{prefix}:address location=\"{address}\"/></wsdl:port>\n"
    )
}
