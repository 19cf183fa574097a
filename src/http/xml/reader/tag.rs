//! Start tags and the XML declaration: names, attributes, namespaces.

use super::super::attributes::{self, RawAttribute};
use super::super::characters::{is_space, split_qname};
use super::super::error::{FaultAt, XmlFault};
use super::super::namespaces::Namespaces;
use super::super::references::attribute_value;
use super::{Attribute, Element};

/// Reads a start tag, `<` to `>`, of an element that will stand at `depth`.
pub(super) fn read_start<'a>(
    raw: &'a str,
    start: usize,
    depth: usize,
    namespaces: &mut Namespaces<'a>,
) -> Result<Element<'a>, FaultAt> {
    let inside = raw.strip_prefix('<').unwrap_or(raw);
    let inside = inside.strip_suffix("/>").or_else(|| inside.strip_suffix('>')).unwrap_or(inside);
    let name_end = inside.find(is_space).unwrap_or(inside.len());
    let (name, rest) = inside.split_at_checked(name_end).unwrap_or((inside, ""));
    let (prefix, local) = split_qname(name).ok_or_else(|| XmlFault::BadName.at(start + 1))?;

    let written = attributes::split(rest, start + 1 + name.len())?;
    let mut plain = Vec::new();
    for (index, attribute) in written.iter().enumerate() {
        let name = attribute.name;
        let (prefix, local) = split_qname(name).ok_or_else(|| XmlFault::BadName.at(attribute.name_offset))?;
        if written.iter().take(index).any(|earlier| earlier.name == name) {
            return Err(XmlFault::DuplicateAttribute.at(attribute.name_offset));
        }
        let value = value_of(attribute)?;
        // Declarations first: they hold for the element's own name and for attributes written before them.
        let declared = match (prefix, local) {
            (None, "xmlns") => namespaces.declare(depth, None, &value),
            (Some("xmlns"), prefix) => namespaces.declare(depth, Some(prefix), &value),
            (Some(_) | None, _) => {
                plain.push((
                    prefix,
                    Attribute { namespace: None, name, local, value, offset: attribute.name_offset },
                ));
                Ok(())
            }
        };
        declared.map_err(|fault| fault.at(attribute.name_offset))?;
    }
    let namespace = namespaces.of_element(prefix).map_err(|fault| fault.at(start + 1))?;
    Ok(Element { namespace, name, local, attributes: resolved(plain, namespaces)?, offset: start })
}

fn value_of<'a>(attribute: &RawAttribute<'a>) -> Result<std::borrow::Cow<'a, str>, FaultAt> {
    if let Some(at) = attribute.value.find('<') {
        let fault = XmlFault::LessThanInAttribute;
        return Err(fault.at(attribute.value_offset + at));
    }
    attribute_value(attribute.value, attribute.value_offset)
}

/// Gives the attributes their namespaces; no two may then have the same name (NS 6.3).
fn resolved<'a>(
    plain: Vec<(Option<&'a str>, Attribute<'a>)>,
    namespaces: &Namespaces<'a>,
) -> Result<Vec<Attribute<'a>>, FaultAt> {
    let mut attributes: Vec<Attribute<'a>> = Vec::with_capacity(plain.len());
    for (prefix, mut attribute) in plain {
        let namespace = namespaces.of_attribute(prefix);
        attribute.namespace = namespace.map_err(|fault| fault.at(attribute.offset))?;
        let same =
            |other: &Attribute<'_>| other.local == attribute.local && other.namespace == attribute.namespace;
        if attributes.iter().any(same) {
            return Err(XmlFault::DuplicateAttribute.at(attribute.offset));
        }
        attributes.push(attribute);
    }
    Ok(attributes)
}

/// Checks an XML declaration, `<?xml` to `?>`: version, then encoding, then standalone, the last two optional.
pub(super) fn check_declaration(raw: &str, start: usize) -> Result<(), FaultAt> {
    let bad = |what| Err(XmlFault::BadDeclaration(what).at(start));
    if start != 0 {
        return bad("it may stand only at the very start");
    }
    let inside = raw.strip_prefix("<?xml").and_then(|inside| inside.strip_suffix("?>")).unwrap_or_default();
    let Ok(parts) = attributes::split(inside, start) else {
        return bad("it holds version, encoding and standalone, in this order, each with a quoted value");
    };
    let mut parts = parts.iter().map(|part| (part.name, part.value)).peekable();
    if parts.next() != Some(("version", "1.0")) {
        return bad("the version must be 1.0");
    }
    if let Some((_, encoding)) = parts.next_if(|&(name, _)| name == "encoding")
        && !encoding.eq_ignore_ascii_case("UTF-8")
    {
        return Err(XmlFault::OtherEncoding.at(start));
    }
    if let Some((_, standalone)) = parts.next_if(|&(name, _)| name == "standalone")
        && !matches!(standalone, "yes" | "no")
    {
        return bad("standalone must be yes or no");
    }
    match parts.next() {
        Some(_) => bad("it holds version, encoding and standalone, in this order, and nothing else"),
        None => Ok(()),
    }
}
