//! The XML Schema 1.0 of requests and responses: once in no namespace, once in the API's.
//!
//! It is as strict as the published pages are. A request that it accepts is understood, and refused at most for its values;
//! a response that it refuses is never sent. Requests may have their children in any order, and may stand in it with
//! `xsi:nil`, which it does not show.

use crmconf_events::InvokeId;

use crate::http::operation::Operation;
use crate::http::xml::Namespace;

/// The types. `{t}` stands before each name that refers to one of them.
const TYPES: &str = r#"
  <xs:element name="Request" type="{t}Request">
    <xs:annotation><xs:documentation>What a client asks for.</xs:documentation></xs:annotation>
  </xs:element>
  <xs:element name="Response" type="{t}Response">
    <xs:annotation><xs:documentation>What the server answers.</xs:documentation></xs:annotation>
  </xs:element>
  <xs:element name="Fail" type="{t}Fail">
    <xs:annotation><xs:documentation>What stands in the detail of a SOAP fault.</xs:documentation></xs:annotation>
  </xs:element>
  <xs:complexType name="Request">
    <xs:all>
      <xs:element name="InvokeID" type="{t}InvokeID">
        <xs:annotation><xs:documentation>Chosen by the client; the response repeats it. Two requests may have the same.</xs:documentation></xs:annotation>
      </xs:element>
      <xs:element name="SessionID" type="{t}SessionID" minOccurs="0">
        <xs:annotation><xs:documentation>From CreateSession; every other operation needs it.</xs:documentation></xs:annotation>
      </xs:element>
      <xs:element name="Offset" type="xs:nonNegativeInteger" minOccurs="0">
        <xs:annotation><xs:documentation>Of lists: how many rows are passed over. Default 0.</xs:documentation></xs:annotation>
      </xs:element>
      <xs:element name="Limit" type="xs:nonNegativeInteger" minOccurs="0">
        <xs:annotation><xs:documentation>Of lists: how many rows are answered at most. Default 1000.</xs:documentation></xs:annotation>
      </xs:element>
      <xs:element name="OperationPayload" type="{t}OperationPayload" minOccurs="0">
        <xs:annotation><xs:documentation>The parameters of the operation.</xs:documentation></xs:annotation>
      </xs:element>
    </xs:all>
    <xs:attribute name="Operation" type="{t}Operation" use="required"/>
  </xs:complexType>
  <xs:complexType name="OperationPayload">
    <xs:sequence>
      <xs:element name="Property" type="{t}Property" minOccurs="0" maxOccurs="unbounded"/>
      <xs:element name="Container" type="{t}RequestContainer" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
  </xs:complexType>
  <xs:complexType name="RequestContainer">
    <xs:annotation><xs:documentation>Properties that belong together, such as CRMConfiguration, whose JSONData is a text in JSON.</xs:documentation></xs:annotation>
    <xs:sequence>
      <xs:element name="Property" type="{t}Property" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
    <xs:attribute name="Name" type="{t}Name" use="required"/>
  </xs:complexType>
  <xs:complexType name="Response">
    <xs:sequence>
      <xs:element name="InvokeID" type="xs:string">
        <xs:annotation><xs:documentation>The request's; empty where that could not be read.</xs:documentation></xs:annotation>
      </xs:element>
      <xs:choice minOccurs="0">
        <xs:element name="Success" type="{t}Success"/>
        <xs:element name="Fail" type="{t}Fail"/>
      </xs:choice>
    </xs:sequence>
    <xs:attribute name="Result" type="{t}Result" use="required"/>
  </xs:complexType>
  <xs:complexType name="Success">
    <xs:annotation><xs:documentation>What an operation has to tell: of a list, Offset and Total, then a Container for each row.</xs:documentation></xs:annotation>
    <xs:sequence>
      <xs:element name="Property" type="{t}Property" minOccurs="0" maxOccurs="unbounded"/>
      <xs:element name="Container" type="{t}Container" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
  </xs:complexType>
  <xs:complexType name="Fail">
    <xs:annotation><xs:documentation>The properties ErrorCode and ErrorMessage.</xs:documentation></xs:annotation>
    <xs:sequence>
      <xs:element name="Property" type="{t}Property" minOccurs="2" maxOccurs="2"/>
    </xs:sequence>
  </xs:complexType>
  <xs:complexType name="Container">
    <xs:annotation><xs:documentation>Properties and containers that belong together. A row of a list has no name.</xs:documentation></xs:annotation>
    <xs:sequence>
      <xs:element name="Property" type="{t}Property" minOccurs="0" maxOccurs="unbounded"/>
      <xs:element name="Container" type="{t}Container" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence>
    <xs:attribute name="Name" type="{t}Name"/>
  </xs:complexType>
  <xs:complexType name="Property">
    <xs:annotation><xs:documentation>A value by its name. Values are texts, numbers and flags (true, false) too.</xs:documentation></xs:annotation>
    <xs:simpleContent>
      <xs:extension base="xs:string">
        <xs:attribute name="Name" type="{t}Name" use="required"/>
      </xs:extension>
    </xs:simpleContent>
  </xs:complexType>
  <xs:simpleType name="Name">
    <xs:restriction base="xs:string"><xs:minLength value="1"/></xs:restriction>
  </xs:simpleType>
  <xs:simpleType name="InvokeID">
    <xs:restriction base="xs:string"><xs:minLength value="1"/><xs:maxLength value="{invoke}"/></xs:restriction>
  </xs:simpleType>
  <xs:simpleType name="SessionID">
    <xs:restriction base="xs:token"><xs:pattern value="[0-9A-F]{32}"/></xs:restriction>
  </xs:simpleType>
  <xs:simpleType name="Result">
    <xs:restriction base="xs:string"><xs:enumeration value="Success"/><xs:enumeration value="Fail"/></xs:restriction>
  </xs:simpleType>
"#;

/// The document by itself.
pub(super) fn document(namespace: Namespace) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", schema(namespace))
}

/// The `xs:schema` element.
pub(super) fn schema(namespace: Namespace) -> String {
    let (prefix, target) = match namespace.uri() {
        None => ("", String::new()),
        Some(uri) => (
            "crm:",
            format!(" xmlns:crm=\"{uri}\" targetNamespace=\"{uri}\" elementFormDefault=\"qualified\""),
        ),
    };
    let types = TYPES.replace("{t}", prefix).replace("{invoke}", &InvokeId::CHARS_MAX.to_string());
    let operations = operations();
    format!(
        "<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"{target}>{types}{operations}</xs:schema>\n"
    )
}

/// The operations by name, each with what it does.
fn operations() -> String {
    let each = Operation::ALL.iter().map(|operation| {
        let (name, does) = (operation.name(), operation.description());
        format!(
            "      <xs:enumeration value=\"{name}\"><xs:annotation><xs:documentation>{does}</xs:documentation></xs:annotation>\
             </xs:enumeration>\n"
        )
    });
    let each: String = each.collect();
    format!(
        "  <xs:simpleType name=\"Operation\">\n    <xs:restriction base=\"xs:string\">\n{each}    </xs:restriction>\n  \
         </xs:simpleType>\n"
    )
}
